// Balance without an auxiliary loss: each row goes to its k largest sigmoid(W x) + b; weights are
// the k scores without b, divided by their sum. b has no gradient: after each step it moves by
// +-rate towards an even load, up where an expert had less than the mean of the step, down where it
// had more. A row may be limited to its best groups of experts, as there are nodes. DeepSeek-V3's
// small balance loss within each sequence is left out.
#include <numeric>

#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

// What the update needs once the pass is over; on the tape, so that the step allocates nothing.
struct Correction {
  nn::Name bias;
  std::span<const double> load;
  double rate;

  void apply(nn::Parameters& parameters) const {
    nn::Tensor& b = parameters.get(bias).value;
    const double mean =
        std::accumulate(load.begin(), load.end(), 0.0) / static_cast<double>(load.size());
    for (std::size_t e = 0; e < load.size(); ++e) {
      const auto at = static_cast<std::int64_t>(e);
      const double towards = load[e] < mean ? 1.0 : load[e] > mean ? -1.0 : 0.0;
      b.set(at, b.get(at) + rate * towards);
    }
  }
};

struct SigmoidBias final : Router {
  static constexpr Info kInfo{
      "sigmoid-bias", 1, "Sigmoid scores, the load kept even by a bias on the choice.",
      "Wang et al. 2024, arXiv:2408.15664, algorithm 1; DeepSeek-AI 2024, arXiv:2412.19437, "
      "eq. 12-16"};
  int k = 2;
  float rate = 0.001F;
  int groups = 1;
  int top_groups = 1;

  static void params(Params<SigmoidBias>& p) {
    p.add("k", &SigmoidBias::k).range(1, kMaxExperts).unit("experts").doc("Kept for each row.");
    p.add("rate", &SigmoidBias::rate)
        .at_least(0)
        .doc("By which the bias of an expert moves after a step.")
        .source("Wang et al. 2024, section 4.1; DeepSeek-AI 2024, section 4.2");
    p.add("groups", &SigmoidBias::groups)
        .range(1, kMaxExperts)
        .unit("groups")
        .doc("Of as many experts each, one after the other.")
        .since(2);
    p.add("top_groups", &SigmoidBias::top_groups)
        .range(1, kMaxExperts)
        .unit("groups")
        .doc(
            "In which a row finds its experts, those whose best biased scores have the largest "
            "sum.")
        .source("DeepSeek-AI 2024, section 2.1.2: 4 of 8, k = 8 of 256 experts")
        .since(2);
  }
  std::string check() const override {
    return top_groups > groups ? "top_groups: there are " + std::to_string(groups) + " groups" : "";
  }
  GroupLimit limit() const { return {groups, top_groups}; }
  std::string check_experts(int experts) const override {
    const std::string error = k_fits(k, experts);
    return error.empty() ? limit().error(k, experts) : error;
  }
  double visits(int /*experts*/) const override { return k; }

  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts, 1.0, init, nn::Role::kRouter, false);
    out.add(nn::Name(name, ".bias").text(), nn::Tensor({experts}), nn::Role::kOther);
  }

  void correct_later(nn::Forward& pass, std::string_view name, std::span<const int> chosen,
                     int experts) const {
    const auto load = pass.tape().scratch<double>(static_cast<std::size_t>(experts));
    std::fill(load.begin(), load.end(), 0.0);
    for (const int expert : chosen) ++load[static_cast<std::size_t>(expert)];
    const Correction correction{nn::Name(name, ".bias"), load, rate};
    const Correction* kept = pass.tape().keep(std::span(&correction, 1)).data();
    pass.after_step([kept](nn::Parameters& parameters) { kept->apply(parameters); });
  }

  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    const nn::Name weight(name, ".weight");
    const nn::Var logits =
        among_present(pass, weight, nn::matmul_transposed(x, pass.parameter(weight)));
    const nn::Tensor& bias = pass.parameters().get(nn::Name(name, ".bias")).value;
    const nn::Var biased =
        among_present(pass, weight, nn::add_row(nn::sigmoid(logits), pass.tape().constant(bias)));
    // A score s is exp(log s): shares of the scores are a softmax of their logarithms.
    const nn::Var log_scores = nn::scale(nn::softplus(nn::scale(logits, -1.0)), -1.0);
    Assignment out;
    out.k = k;
    out.experts = nn::largest_columns(groups > 1 ? limit().apply(biased, k) : biased, k);
    out.weights = nn::softmax(nn::gather_columns(log_scores, out.experts, k));
    add_load(pass, name, out.experts, experts);
    if (pass.training()) correct_later(pass, name, out.experts, experts);
    if (!pass.training()) add_routing_entropy(pass, name, nn::softmax(log_scores));
    return out;
  }
};
ASSAY_REGISTER(Router, SigmoidBias);

}  // namespace
}  // namespace assay::routers
