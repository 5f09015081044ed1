// Parameterized clipping activation: what an activation function gives, clipped to 0 … a and
// rounded to 2^bits levels, a learnt for each layer (Choi et al. 2018, eq. 1-3): the gradient of a
// is that of the numbers clipped to it, that of the others passes straight through the rounding.
// The loss has decay a² added. a begins at the largest number that calibration examples show, where
// the paper takes a large constant. It stands behind the activation, so that in a network of
// rectifiers it is what the paper puts in their place; numbers below 0, of other functions, become
// 0. Until it is calibrated it does nothing.
#include <algorithm>
#include <map>

#include "components/adapters/rounding.h"
#include "runner/registry/registry.h"

namespace assay::adapters {
namespace {

// round(clamp(x, 0, |a|) / s) s with s = |a| / levels.
nn::Var clip_and_round(nn::Var x, nn::Var a, double levels) {
  return round_by(
      "pact", x, a,
      [levels](auto v, auto top) {
        using T = decltype(v);
        const T step = top / static_cast<T>(levels);
        return std::nearbyint(std::clamp(v, T(0), top) / step) * step;
      },
      [](auto v, auto top) { return v >= 0 && v < top; },
      [](auto v, auto top) { return decltype(v)(v >= top ? 1 : 0); }, 1.0);
}

struct Pact final : Adapter {
  static constexpr Info kInfo{"pact", 1, "Clips activations at a learnt height and rounds them.",
                              "Choi et al. 2018, arXiv:1805.06085, eq. 1-3"};
  static constexpr bool kSurrogate = true;
  int bits = 4;
  double decay = 0.0005;
  std::vector<std::string> layers = {"*"};

  static void params(Params<Pact>& p) {
    p.add("bits", &Pact::bits).range(1, 8).unit("bits").doc("For each activation.");
    p.add("decay", &Pact::decay)
        .at_least(0)
        .doc("Weight of the squared heights in the loss.")
        .source("Choi et al. 2018, section 3: as of weights, 0.0005 in appendix C");
    p.add("layers", &Pact::layers)
        .min_count(1)
        .doc("Names of layers whose activations are rounded; * stands for any characters.");
  }

  // A layer without an activation function has a height that nothing uses.
  void declare(nn::Parameters& out, std::string_view name, const nn::Parameters& base,
               const Stream& /*init*/) const override {
    for (const nn::Parameter* weight : adapted_weights(base, layers))
      out.add(nn::Name(name, ".", layer_of(*weight), ".act.height"), nn::Tensor({1}),
              nn::Role::kOther);
  }

  void calibrate(TrainedModel& model, std::string_view name,
                 const Examples& calibration) const override {
    std::map<std::string, double> largest;
    see_sites(model, calibration, ".act", [&](std::string_view layer, const nn::Tensor& x) {
      double& most = largest[std::string(layer)];
      for (std::int64_t i = 0; i < x.count(); ++i) most = std::max(most, x.get(i));
    });
    for (const nn::Parameter* weight : adapted_weights(model.parameters, layers)) {
      // Of a layer that is not reached, or gives nothing above 0: numbers of order one.
      const double seen = largest[std::string(layer_of(*weight))];
      model.parameters.get(nn::Name(name, ".", layer_of(*weight), ".act.height"))
          .value.set(0, seen > 0 ? seen : 1.0);
    }
  }

  void attach(nn::Forward& pass, std::string_view name) const override {
    const Attachment* at = Attachment::on(pass, name);
    pass.add_hook([this, at](std::string_view site, nn::Var value) {
      const nn::Name height = at->full(site, "height");
      if (!at->has(height) || !in_force(*at, at->pass->parameters().get(height))) return value;
      const nn::Var a = at->pass->parameter(height);
      if (decay > 0 && at->pass->training())
        at->pass->add_loss(height, nn::scale(nn::sum(nn::square(a)), decay));
      return clip_and_round(value, a, (1 << bits) - 1);
    });
  }
};
ASSAY_REGISTER(Adapter, Pact);

}  // namespace
}  // namespace assay::adapters
