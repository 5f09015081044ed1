// Soft MoE: with unit rows x and slot vectors phi of unit length times a learnt scale s, logits L =
// x phi. Slot j sees the mean of its sequence's rows weighted by the softmax of L over rows; row i
// gets the mean of all slots' results weighted by the softmax of L over slots. Nothing is dropped
// and all is differentiable. Not causal: a row sees later ones through the slots.
// A sequence of one row is all that each slot sees, so that the router is then a dense one.
#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct Soft final : Router {
  static constexpr Info kInfo{"soft", 1, "Experts see weighted means of a sequence's rows.",
                              "Puigcerver et al. 2023, arXiv:2308.00951, section 2.1"};
  int slots_each = 1;

  static void params(Params<Soft>& p) {
    p.add("slots", &Soft::slots_each)
        .range(1, 65536)
        .unit("slots")
        .doc("Of each expert, in a sequence.")
        .source("Puigcerver et al. 2023, section 2.3");
  }
  std::string check_experts(int /*experts*/) const override { return {}; }
  double visits(int experts) const override { return experts; }
  bool rowwise() const override { return false; }
  int slots() const override { return slots_each; }

  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts * slots_each, 1.0, init, nn::Role::kRouter,
                       false);
    out.add(nn::Name(name, ".scale").text(), nn::Tensor::full({1}, 1.0), nn::Role::kOther);
  }
  nn::Var logits(nn::Forward& pass, std::string_view name, nn::Var x) const {
    const nn::Var phi = unit_rows(pass.parameter(nn::Name(name, ".weight")));
    return among_present(pass, nn::Name(name, ".weight"),
                         times_number(nn::matmul_transposed(unit_rows(x), phi),
                                      pass.parameter(nn::Name(name, ".scale"))));
  }
  // Of each expert's slots together: n x E.
  nn::Var by_expert(nn::Var combine, int experts) const {
    const int n = static_cast<int>(combine.shape().count() / slots_each / experts);
    return nn::reshape(nn::sum_columns(nn::reshape(combine, {n * experts, slots_each})),
                       {n, experts});
  }

  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    const nn::Var p = by_expert(nn::softmax(logits(pass, name, x)), experts);
    const Assignment out{experts, first_experts(pass.tape(), x.shape()[0], experts), p};
    add_load(pass, name, out.experts, experts);
    add_routing_entropy(pass, name, p);
    return out;
  }

  SlotMixing mix(nn::Forward& pass, std::string_view name, nn::Var x, int experts,
                 int length) const override {
    const nn::Var scores = logits(pass, name, x);
    const int n = x.shape()[0], all = experts * slots_each, sequences = n / length;
    const auto turned =
        pass.tape().scratch<int>(static_cast<std::size_t>(n) * static_cast<std::size_t>(all));
    for (std::size_t i = 0; i < turned.size(); ++i) {
      const auto row = static_cast<int>(i) / (all * length),
                 slot = static_cast<int>(i) / length % all;
      turned[i] = (row * length + static_cast<int>(i) % length) * all + slot;
    }
    const nn::Var columns = nn::gather_rows(nn::reshape(scores, {n * all, 1}), turned);
    SlotMixing out;
    out.dispatch = nn::softmax(nn::reshape(columns, {sequences, all, length}));
    out.combine = nn::reshape(nn::softmax(scores), {sequences, length, all});
    pass.statistic(nn::Name(name, ".load"), {experts}).fill(double{1.0} * sequences * slots_each);
    if (!pass.training()) add_routing_entropy(pass, name, by_expert(out.combine, experts));
    return out;
  }
};
ASSAY_REGISTER(Router, Soft);

}  // namespace
}  // namespace assay::routers
