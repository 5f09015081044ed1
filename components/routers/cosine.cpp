// Logits are the cosine of the projected row P x and the expert's embedding, over a learnt
// temperature T, which keeps rows from gathering at their experts' directions; the k largest are
// kept. T is learnt as log(1 / T), held so that 1 / T <= 100.
#include <cmath>

#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct Cosine final : Router {
  static constexpr Info kInfo{
      "cosine", 1, "Cosine of projected row and expert embedding, over a learnt temperature.",
      "Chi et al. 2022, arXiv:2204.09179, section 3; Li et al. 2023, arXiv:2206.04046"};
  int k = 2;
  int dimension = 0;
  float temperature = 0.5F;
  float balance = 0.01F;
  Normalise normalise = Normalise::kKept;
  BalanceLoss balance_loss = BalanceLoss::kSwitch;

  static void params(Params<Cosine>& p) {
    p.add("k", &Cosine::k).range(1, kMaxExperts).unit("experts").doc("Kept for each row.");
    p.add("dimension", &Cosine::dimension)
        .range(0, 65536)
        .doc("Of the projection; 0: half the features, at most 256.")
        .source("published code of Li et al. 2023");
    p.add("temperature", &Cosine::temperature)
        .at_least(0.01)
        .doc("T before training.")
        .source("published code of Li et al. 2023");
    p.add("balance", &Cosine::balance)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the balance loss.")
        .source("Chi et al. 2022, section 4");
    p.add("normalise", &Cosine::normalise, kNormaliseNames)
        .doc("Softmax over the experts that are kept, or over all.");
    p.add("balance_loss", &Cosine::balance_loss, kBalanceLossNames).doc("As in topk-softmax.");
  }
  std::string check_experts(int experts) const override { return k_fits(k, experts); }
  double visits(int /*experts*/) const override { return k; }

  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    const int width = dimension > 0 ? dimension : std::clamp(features / 2, 1, 256);
    nn::declare_linear(out, nn::Name(name, ".projection"), features, width, 1.0, init,
                       nn::Role::kRouter, false);
    nn::declare_linear(out, nn::Name(name, ".embedding"), width, experts, 1.0, init,
                       nn::Role::kRouter, false);
    out.add(nn::Name(name, ".log_inverse_temperature").text(),
            nn::Tensor::full({1}, -std::log(temperature)), nn::Role::kOther);
  }
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int /*experts*/) const override {
    const nn::Var projected =
        nn::matmul_transposed(x, pass.parameter(nn::Name(name, ".projection.weight")));
    const nn::Var cosines = nn::matmul_transposed(
        unit_rows(projected), unit_rows(pass.parameter(nn::Name(name, ".embedding.weight"))));
    const nn::Var inverse = nn::exp(nn::clamp(
        pass.parameter(nn::Name(name, ".log_inverse_temperature")), -100.0, std::log(100.0)));
    const nn::Var logits =
        among_present(pass, nn::Name(name, ".embedding.weight"), times_number(cosines, inverse));
    return keep_top_k(pass, name, logits, {k, normalise, balance, balance_loss});
  }
};
ASSAY_REGISTER(Router, Cosine);

}  // namespace
}  // namespace assay::routers
