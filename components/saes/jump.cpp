#include "components/saes/jump.h"

#include <cmath>

#include "components/nn/dispatch.h"

namespace assay::saes {
namespace {

template <class T>
void backward(Jump how, nn::Tape::Inputs in, const nn::Tensor& grad, nn::Tensor* du,
              nn::Tensor* dtheta) {
  const auto u = in[0]->data<T>(), theta = in[1]->data<T>(), g = grad.data<T>();
  const T width = static_cast<T>(how.bandwidth);
  for (std::size_t i = 0; i < u.size(); ++i) {
    const std::size_t j = i % theta.size();
    if (du && !how.counts && u[i] > theta[j]) du->data<T>()[i] += g[i];
    if (!dtheta || std::abs(u[i] - theta[j]) >= width / 2) continue;
    dtheta->data<T>()[j] -= (how.counts ? T(1) : theta[j]) / width * g[i];
  }
}

}  // namespace

nn::Var jump(nn::Var u, nn::Var theta, Jump how) {
  const nn::Var inputs[] = {u, theta};
  return u.tape->custom(
      how.counts ? "jump_count" : "jump_relu", inputs, u.shape(),
      [how](nn::Tape::Inputs in, nn::Tensor& out) {
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>(), least = in[1]->data<T>();
          const auto y = out.data<T>();
          for (std::size_t i = 0; i < y.size(); ++i)
            y[i] = x[i] > least[i % least.size()] ? (how.counts ? T(1) : x[i]) : T(0);
        });
      },
      [how](nn::Tape::Inputs in, const nn::Tensor& out, const nn::Tensor& grad,
            nn::Tape::Gradients to) {
        nn::dispatch(out.dtype(),
                     [&](auto t) { backward<decltype(t)>(how, in, grad, to[0], to[1]); });
      });
}

}  // namespace assay::saes
