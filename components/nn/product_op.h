#pragma once

#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"
#include "components/nn/vector_math.h"

namespace assay::nn {

// Adds the gradients of y (n x d) = a (n x k) b to those of inputs 0 and 1; b as it is stored:
// k x d, or d x k where transposed.
template <class T>
void product_backward(const T* a, const T* b, bool transposed, const T* g, int n, int k, int d,
                      Tape::Gradients to) {
  if (const auto claim = to.claim(0); claim.tensor)
    product<T>({g, d}, {b, transposed ? k : d, !transposed}, {claim.tensor->data<T>().data(), k}, n,
               d, k, T(1), claim.add);
  if (const auto claim = to.claim(1); claim.tensor && transposed)
    product<T>({g, d, true}, {a, k}, {claim.tensor->data<T>().data(), k}, d, n, k, T(1), claim.add);
  else if (claim.tensor)
    product<T>({a, k, true}, {g, d}, {claim.tensor->data<T>().data(), d}, k, n, d, T(1), claim.add);
}

// Activations whose slope is known from their value, so that nothing else need be kept.
inline bool fuses(Activation activation) {
  return activation != Activation::kGelu && activation != Activation::kSilu;
}

// y = activation(y + bias), bias null for none.
template <class T>
void finish(T* y, const T* bias, int n, int d, Activation activation) {
  for (int i = 0; i < n; ++i, y += d) {
    if (bias && activation == Activation::kRelu) {
      for (int j = 0; j < d; ++j) {
        const T x = y[j] + bias[j];
        y[j] = x <= T(0) ? T(0) : x;  // NaN stays NaN
      }
      continue;
    }
    for (int j = 0; bias && j < d; ++j) y[j] += bias[j];
    for (int j = 0; activation == Activation::kRelu && j < d; ++j)
      y[j] = y[j] <= T(0) ? T(0) : y[j];
    if (activation == Activation::kTanh) tanh_array(y, y, static_cast<std::size_t>(d));
  }
}

// The gradient before the activation; `room` holds it where there is one.
template <class T>
const T* before_activation(std::span<const T> y, const T* g, std::span<T> room,
                           Activation activation) {
  if (activation == Activation::kNone) return g;
  if (activation == Activation::kRelu)
    for (std::size_t i = 0; i < y.size(); ++i) room[i] = y[i] > T(0) ? g[i] : T(0);
  else
    for (std::size_t i = 0; i < y.size(); ++i) room[i] = (T(1) - y[i] * y[i]) * g[i];
  return room.data();
}

template <class T>
void add_up_rows(const T* g, int n, int d, T* to, bool add) {
  if (!add) std::fill(to, to + d, T(0));
  for (int i = 0; i < n; ++i, g += d)
    for (int j = 0; j < d; ++j) to[j] += g[j];
}

}  // namespace assay::nn
