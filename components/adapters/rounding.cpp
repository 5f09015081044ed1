#include "components/adapters/rounding.h"

#include <algorithm>
#include <stdexcept>

namespace assay::adapters {

nn::Var fake_quantize(nn::Var x, nn::Var step, double low, double high, double gradient_scale) {
  const auto level = [low, high](auto u) {
    using T = decltype(u);
    return std::clamp(std::nearbyint(u), static_cast<T>(low), static_cast<T>(high));
  };
  const auto inside = [low, high](auto v, auto s) {
    const auto u = static_cast<double>(v / s);
    return u > low && u < high;
  };
  return round_by(
      "fake_quantize", x, step, [level](auto v, auto s) { return s * level(v / s); }, inside,
      [level, inside](auto v, auto s) { return level(v / s) - (inside(v, s) ? v / s : 0); },
      gradient_scale);
}

void see_sites(const TrainedModel& model, const Examples& examples, std::string_view ending,
               const std::function<void(std::string_view layer, const nn::Tensor& value)>& see) {
  const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
    if (site.ends_with(ending)) see(site.substr(0, site.size() - ending.size()), x.tape->value(x));
    return x;
  };
  (void)model.outputs(examples, std::span(&hook, 1));
}

bool in_force(const Attachment& at, const nn::Parameter& number) {
  if (number.value.get(0) != 0.0) return true;
  if (at.pass->training())
    throw std::runtime_error(number.name +
                             " is not calibrated: stage finetune puts such adapters on a model");
  return false;
}

}  // namespace assay::adapters
