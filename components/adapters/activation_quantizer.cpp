// What a layer reads, rounded to 2^bits evenly spaced levels that all of it shares: x -> s (clamp(
// round(x / s) + z, 0, 2^bits - 1) - z), or symmetric about 0 (grid.h of the quantizers). s and z
// are parameters "<name>.<layer>.in.step" and "….zero", fitted to the inputs of calibration
// examples, and do not train; gradients pass straight through the rounding where nothing is clipped
// (Bengio et al. 2013). Until it is calibrated it does nothing. Nagel et al. 2021, section 3.
#include <cmath>
#include <map>

#include "components/adapters/rounding.h"
#include "components/quantizers/grid.h"
#include "runner/registry/registry.h"

namespace assay::adapters {
namespace {

using quantizers::Grid;

struct ActivationQuantizer final : Adapter {
  static constexpr Info kInfo{"activation-quantizer", 1,
                              "Rounds what layers read to levels that fit calibration examples.",
                              "Nagel et al. 2021, arXiv:2106.08295, section 3"};
  static constexpr bool kSurrogate = true;
  int bits = 8;
  bool symmetric = false;
  Grid::Clip clip = Grid::Clip::kNone;
  std::vector<std::string> layers = {"*"};

  static void params(Params<ActivationQuantizer>& p) {
    p.add("bits", &ActivationQuantizer::bits).range(2, 8).unit("bits").doc("For each number.");
    p.add("symmetric", &ActivationQuantizer::symmetric)
        .doc("Levels symmetric about 0; else from minimum to maximum.");
    p.add("clip", &ActivationQuantizer::clip, {"none", "mse"})
        .doc("Whether the range shrinks to that of least squared error.")
        .source("Nagel et al. 2021, section 3.1");
    p.add("layers", &ActivationQuantizer::layers)
        .min_count(1)
        .doc("Names of layers whose inputs are rounded; * stands for any characters.");
  }

  void declare(nn::Parameters& out, std::string_view name, const nn::Parameters& base,
               const Stream& /*init*/) const override {
    for (const nn::Parameter* weight : adapted_weights(base, layers))
      for (const char* part : {".in.step", ".in.zero"})
        out.add(nn::Name(name, ".", layer_of(*weight), part), nn::Tensor({1}), nn::Role::kOther);
  }

  void calibrate(TrainedModel& model, std::string_view name,
                 const Examples& calibration) const override {
    std::map<std::string, std::vector<double>> seen;
    see_sites(model, calibration, ".in", [&](std::string_view layer, const nn::Tensor& x) {
      auto& numbers = seen[std::string(layer)];
      for (std::int64_t i = 0; i < x.count(); ++i) numbers.push_back(x.get(i));
    });
    const Grid grid = levels();
    for (const nn::Parameter* weight : adapted_weights(model.parameters, layers)) {
      const auto found = seen.find(std::string(layer_of(*weight)));
      // Of a layer that no example reaches nothing is known: numbers of order one.
      const std::vector<double> unknown = {-1.0, 1.0};
      quantizers::Scale scale = grid.fit(found == seen.end() ? unknown : found->second);
      if (!(scale.step > 0)) scale = grid.fit(unknown);
      const nn::Name of(name, ".", layer_of(*weight), ".in");
      model.parameters.get(nn::Name(of, ".step")).value.set(0, scale.step);
      model.parameters.get(nn::Name(of, ".zero")).value.set(0, scale.zero);
    }
  }

  void attach(nn::Forward& pass, std::string_view name) const override {
    const Attachment* at = Attachment::on(pass, name);
    pass.add_hook(
        [this, at](std::string_view site, nn::Var value) { return rounded(*at, site, value); });
  }

 private:
  Grid levels() const {
    Grid out;
    out.bits = bits;
    out.symmetric = symmetric;
    out.clip = clip;
    return out;
  }
  nn::Var rounded(const Attachment& at, std::string_view site, nn::Var value) const {
    const nn::Name name = at.full(site, "step");
    if (!at.has(name) || !in_force(at, at.pass->parameters().get(name))) return value;
    const nn::Var step = nn::stop_gradient(at.pass->parameter(name));
    const double most = (1 << (bits - 1)) - 1;
    if (symmetric) return fake_quantize(value, step, -most, most, 0.0);
    const double zero = std::round(at.pass->parameters().get(at.full(site, "zero")).value.get(0));
    return fake_quantize(value, step, -zero, (1 << bits) - 1 - zero, 0.0);
  }
};
ASSAY_REGISTER(Adapter, ActivationQuantizer);

}  // namespace
}  // namespace assay::adapters
