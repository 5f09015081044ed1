#pragma once

#include "components/nn/cores.h"
#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"
#include "components/nn/vector_math.h"

namespace assay::nn {

// The numbers of a gradient, null where none is wanted, and whether to add to them.
template <class T>
struct Slope {
  T* data = nullptr;
  bool add = false;
};

// The gradients of y (n x d) = a (n x k) b by a and b; b as it is stored: k x d, or d x k where
// transposed. g: that of y.
template <class T>
void product_slopes(const T* a, const T* b, bool transposed, const T* g, int n, int k, int d,
                    Slope<T> by_a, Slope<T> by_b) {
  if (by_a.data)
    product<T>({g, d}, {b, transposed ? k : d, !transposed}, {by_a.data, k}, n, d, k, T(1),
               by_a.add);
  if (by_b.data && transposed)
    product<T>({g, d, true}, {a, k}, {by_b.data, k}, d, n, k, T(1), by_b.add);
  else if (by_b.data)
    product<T>({a, k, true}, {g, d}, {by_b.data, d}, k, n, d, T(1), by_b.add);
}

// The same for inputs 0 and 1 of an operation, one after the other: they may be one value.
template <class T>
void product_backward(const T* a, const T* b, bool transposed, const T* g, int n, int k, int d,
                      Tape::Gradients to) {
  if (const auto claim = to.claim(0); claim.tensor)
    product_slopes<T>(a, b, transposed, g, n, k, d, {claim.tensor->data<T>().data(), claim.add},
                      {});
  if (const auto claim = to.claim(1); claim.tensor)
    product_slopes<T>(a, b, transposed, g, n, k, d, {},
                      {claim.tensor->data<T>().data(), claim.add});
}

// Activations whose slope is known from their value, so that nothing else need be kept.
inline bool fuses(Activation activation) {
  return activation != Activation::kGelu && activation != Activation::kSilu;
}

// Loops of their own: what a closure holds by reference would be read again for each number.
template <class T>
void relu_array(T* y, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = y[i] <= T(0) ? T(0) : y[i];  // NaN stays NaN
}
// to = g where y = relu(x) is positive, and g (1 - y²) where y = tanh(x).
template <class T>
void relu_slope_array(const T* y, const T* g, T* to, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = y[i] > T(0) ? g[i] : T(0);
}
template <class T>
void tanh_slope_array(const T* y, const T* g, T* to, std::int64_t n) {
  for (std::int64_t i = 0; i < n; ++i) to[i] = (T(1) - y[i] * y[i]) * g[i];
}
// to (d) += the sum of n rows, `stride` numbers apart.
template <class T>
void add_rows_array(const T* g, int n, int stride, T* to, std::int64_t d) {
  for (int i = 0; i < n; ++i, g += stride)
    for (std::int64_t j = 0; j < d; ++j) to[j] += g[j];
}

// y (n x d) = activation(x (n x k) wᵀ + bias), bias null for none. Rows begin as the bias and the
// product is added: the libraries would fill them with zeros first.
template <class T>
void affine(const T* x, const T* w, const T* bias, T* y, int n, int k, int d,
            Activation activation) {
  if (bias)
    rows_in_parts(n, d, [&](int, std::int64_t first, std::int64_t last) {
      for (std::int64_t i = first; i < last; ++i) std::copy_n(bias, d, y + i * d);
    });
  product<T>({x, k}, {w, k, true}, {y, d}, n, k, d, T(1), bias != nullptr);
  if (activation == Activation::kNone) return;
  numbers_in_parts(std::int64_t{n} * d, [&](int, std::int64_t first, std::int64_t last) {
    if (activation == Activation::kTanh)
      tanh_array(y + first, y + first, static_cast<std::size_t>(last - first));
    else
      relu_array(y + first, last - first);
  });
}

// The gradient before the activation; `room` holds it where there is one.
template <class T>
const T* before_activation(std::span<const T> y, const T* g, std::span<T> room,
                           Activation activation) {
  if (activation == Activation::kNone) return g;
  const T* values = y.data();
  T* out = room.data();
  numbers_in_parts(static_cast<std::int64_t>(y.size()),
                   [&](int, std::int64_t first, std::int64_t last) {
                     if (activation == Activation::kRelu)
                       relu_slope_array(values + first, g + first, out + first, last - first);
                     else
                       tanh_slope_array(values + first, g + first, out + first, last - first);
                   });
  return out;
}

template <class T>
void add_up_rows(const T* g, int n, int d, T* to, bool add) {
  columns_in_parts(n, d, [&](int, std::int64_t first, std::int64_t last) {
    if (!add) std::fill(to + first, to + last, T(0));
    add_rows_array(g + first, n, d, to + first, last - first);
  });
}

}  // namespace assay::nn
