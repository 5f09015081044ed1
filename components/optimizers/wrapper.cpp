#include "components/optimizers/wrapper.h"

#include <cmath>

#include "components/nn/dispatch.h"
#include "components/nn/vector_math.h"

namespace assay {

std::string inner_rule_error(const Optimizer& inner) {
  if (!inner.reevaluates()) return {};
  return "optimizer: \"" + inner.spec().name +
         "\" evaluates steps again; only \"average\" may stand around it";
}

OwnGradients::OwnGradients(const nn::Parameters& parameters) {
  for (const nn::Parameter& p : parameters) own_.emplace_back(p.value.shape(), p.value.dtype());
  seen_.resize(own_.size());
}

void OwnGradients::clear() {
  std::fill(seen_.begin(), seen_.end(), nullptr);
}

nn::Tensor& OwnGradients::own(std::size_t index) {
  seen_[index] = &own_[index];
  return own_[index];
}

double gradient_norm(const nn::Parameters& parameters, const Gradients& gradients) {
  double squares = 0.0;
  std::size_t index = 0;
  for (const nn::Parameter& p : parameters) {
    const nn::Tensor* gradient = gradients.of(p, index++);
    if (!gradient) continue;
    nn::dispatch(gradient->dtype(), [&](auto t) {
      const auto g = gradient->data<decltype(t)>();
      squares += nn::dot_array(g.data(), g.data(), g.size());
    });
  }
  return std::sqrt(squares);
}

void add_scaled(nn::Tensor& to, const nn::Tensor& from, double factor) {
  nn::dispatch(to.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto x = to.data<T>();
    const auto g = from.data<T>();
    const auto by = static_cast<T>(factor);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += by * g[i];
  });
}

void set_scaled(nn::Tensor& to, const nn::Tensor& from, double factor) {
  nn::dispatch(to.dtype(), [&](auto t) {
    using T = decltype(t);
    const auto x = to.data<T>();
    const auto g = from.data<T>();
    const auto by = static_cast<T>(factor);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = by * g[i];
  });
}

}  // namespace assay
