// A fixed random mask with a given number of ones: what a gate that learns which features to keep
// must beat.
#include <cmath>

#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct Random final : Gate {
  static constexpr Info kInfo{"random", 1, "Keeps features chosen by chance, for good.", "", true};
  static constexpr bool kSurrogate = true;  // differences would move the mask, which nothing learns
  float share = 0.5F;

  static void params(Params<Random>& p) {
    p.add("share", &Random::share).range(0, 1).doc("Of the features kept, rounded.");
  }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    const nn::Name mask(name, ".mask");
    nn::Tensor kept({features});
    const std::vector<int> order = init.fork(mask).permutation(features);
    const auto count = static_cast<std::size_t>(std::lround(share * features));
    for (std::size_t i = 0; i < count; ++i) kept.set(order[i], 1.0);
    out.add(mask, std::move(kept), nn::Role::kOther);
  }
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const override {
    const nn::Tensor& mask = pass.parameters().get(nn::Name(name, ".mask")).value;
    return gated(pass, name, x, pass.tape().constant(mask));
  }
};
ASSAY_REGISTER(Gate, Random);

}  // namespace
}  // namespace assay::gates
