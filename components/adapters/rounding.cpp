#include "components/adapters/rounding.h"

#include <cmath>
#include <stdexcept>

#include "components/nn/dispatch.h"

namespace assay::adapters {

nn::Var fake_quantize(nn::Var x, nn::Var step, double low, double high, double gradient_scale) {
  const nn::Var inputs[] = {x, step};
  return x.tape->custom(
      "fake_quantize", inputs, x.shape(),
      [=](nn::Tape::Inputs in, nn::Tensor& out) {
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto from = in[0]->data<T>();
          const auto to = out.data<T>();
          const T s = std::abs(in[1]->data<T>()[0]);
          const T least = static_cast<T>(low), most = static_cast<T>(high);
          for (std::size_t i = 0; i < to.size(); ++i)
            to[i] = s * std::clamp(std::nearbyint(from[i] / s), least, most);
        });
      },
      [=](nn::Tape::Inputs in, const nn::Tensor& out, const nn::Tensor& grad,
          nn::Tape::Gradients to) {
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto from = in[0]->data<T>();
          const auto g = grad.data<T>();
          const T signed_step = in[1]->data<T>()[0], s = std::abs(signed_step);
          const T least = static_cast<T>(low), most = static_cast<T>(high);
          const auto dx = to.claim(0);
          for (std::size_t i = 0; dx.tensor && i < g.size(); ++i) {
            const T u = from[i] / s, slope = u > least && u < most ? g[i] : T(0);
            T& d = dx.tensor->data<T>()[i];
            d = dx.add ? d + slope : slope;
          }
          nn::Tensor* ds = to[1];
          if (!ds) return;
          double sum = 0.0;
          for (std::size_t i = 0; i < g.size(); ++i) {
            const T u = from[i] / s;
            const T inside = u > least && u < most ? -u : T(0);
            sum +=
                static_cast<double>(g[i] * (inside + std::clamp(std::nearbyint(u), least, most)));
          }
          ds->data<T>()[0] +=
              static_cast<T>(sum * gradient_scale * std::copysign(1.0, signed_step));
        });
      });
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
