#pragma once

#include <cmath>

#include "components/adapters/adapter.h"
#include "components/nn/dispatch.h"

namespace assay::adapters {

// Numbers x rounded by a number that trains, of which only the size s counts: value(x, s). Where
// passes(x, s), the gradient of x is that of its value, else 0; that of s is the sum over them of
// slope(x, s), times `factor`.
template <class Value, class Passes, class Slope>
nn::Var round_by(const char* name, nn::Var x, nn::Var number, const Value& value,
                 const Passes& passes, const Slope& slope, double factor) {
  const auto hand_on = [passes](const auto* from, const auto* g, auto s, nn::Tape::Gradients to,
                                std::size_t n) {
    using T = decltype(s);
    const auto claim = to.claim(0);
    if (!claim.tensor) return;
    T* d = claim.tensor->data<T>().data();
    for (std::size_t i = 0; i < n; ++i)
      d[i] = (claim.add ? d[i] : T(0)) + (passes(from[i], s) ? g[i] : T(0));
  };
  const nn::Var inputs[] = {x, number};
  return x.tape->custom(
      name, inputs, x.shape(),
      [value](nn::Tape::Inputs in, nn::Tensor& out) {
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T s = std::abs(in[1]->data<T>()[0]);
          const auto from = in[0]->data<T>();
          const auto to = out.data<T>();
          for (std::size_t i = 0; i < to.size(); ++i) to[i] = value(from[i], s);
        });
      },
      [hand_on, slope, factor](nn::Tape::Inputs in, const nn::Tensor& out, const nn::Tensor& grad,
                               nn::Tape::Gradients to) {
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T signed_number = in[1]->data<T>()[0], s = std::abs(signed_number);
          const auto from = in[0]->data<T>(), g = grad.data<T>();
          hand_on(from.data(), g.data(), s, to, g.size());
          nn::Tensor* d = to[1];
          if (!d) return;
          double sum = 0.0;
          for (std::size_t i = 0; i < g.size(); ++i)
            sum += static_cast<double>(g[i] * slope(from[i], s));
          d->data<T>()[0] += static_cast<T>(signed_number < 0 ? -sum * factor : sum * factor);
        });
      });
}

// s clamp(round(x / s), low, high), s the size of `step` (one number), low and high whole numbers.
// Gradients stand in for derivatives (Esser et al. 2019, eq. 3 and 5): that of x passes where low <
// x / s < high; that of the step is, for each number, round(x / s) - x / s there, low below and
// high above, times `gradient_scale`.
nn::Var fake_quantize(nn::Var x, nn::Var step, double low, double high, double gradient_scale);

// Sees the values at every site of a model whose name ends in `ending`, under the name without it.
void see_sites(const TrainedModel& model, const Examples& examples, std::string_view ending,
               const std::function<void(std::string_view layer, const nn::Tensor& value)>& see);

// Whether a number that calibrate() sets has been set. Until then, at 0, an adapter leaves the
// model as it is, and throws std::runtime_error where it is to be trained like that.
bool in_force(const Attachment& at, const nn::Parameter& number);

}  // namespace assay::adapters
