#include "components/nn/vector_math.h"

#include <Eigen/Core>
#include <algorithm>
#include <limits>

namespace assay::nn {

namespace {

constexpr std::size_t kLanes = 16;
template <class T>
using Pack = Eigen::Array<T, kLanes, 1>;
template <class T>
using In = Eigen::Map<const Pack<T>>;
template <class T>
using Out = Eigen::Map<Pack<T>>;

// y = f(x) pack by pack; the rest passes through a pack of its own, so that every number goes
// through the same instructions.
template <class T, class F>
void map(const T* x, T* y, std::size_t n, const F& f) {
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) Out<T>(y + i) = f(Pack<T>(In<T>(x + i)));
  if (i == n) return;
  Pack<T> rest = Pack<T>::Zero();
  std::copy(x + i, x + n, rest.data());
  rest = Pack<T>(f(rest));
  std::copy_n(rest.data(), n - i, y + i);
}

template <class T>
Pack<T> sigmoid_pack(const Pack<T>& x) {
  // exp(-x) may overflow to infinity, of which the reciprocal is the 0 that is meant.
  return T(1) / (T(1) + (-x).exp());
}

template <class T>
constexpr T kGeluScale = static_cast<T>(0.7978845608028654);  // sqrt(2 / pi)
template <class T>
constexpr T kGeluCube = static_cast<T>(0.044715);

template <class T>
Pack<T> gelu_gate(const Pack<T>& x) {
  const Pack<T> u = T(2) * kGeluScale<T> * x * (T(1) + kGeluCube<T> * x * x);
  return sigmoid_pack<T>(u);
}

}  // namespace

template <class T>
void exp_array(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](const Pack<T>& v) { return Pack<T>(v.exp()); });
}
template <class T>
void log_array(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](const Pack<T>& v) { return Pack<T>(v.log()); });
}
template <class T>
void tanh_array(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](const Pack<T>& v) { return Pack<T>(v.tanh()); });
}
template <class T>
void sigmoid_array(const T* x, T* y, std::size_t n) {
  map(x, y, n, [](const Pack<T>& v) { return sigmoid_pack<T>(v); });
}
template <class T>
void gelu_array(const T* x, T* gate, T* y, std::size_t n) {
  map(x, gate, n, [](const Pack<T>& v) { return gelu_gate<T>(v); });
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * gate[i];
}
template <class T>
void gelu_slope_array(const T* x, const T* gate, const T* g, T* d, std::size_t n, bool add) {
  for (std::size_t i = 0; i < n; ++i) {
    const T inner = T(2) * kGeluScale<T> * (T(1) + T(3) * kGeluCube<T> * x[i] * x[i]);
    const T slope = g[i] * (gate[i] + x[i] * gate[i] * (T(1) - gate[i]) * inner);
    d[i] = add ? d[i] + slope : slope;
  }
}
template <class T>
void silu_array(const T* x, T* gate, T* y, std::size_t n) {
  sigmoid_array(x, gate, n);
  for (std::size_t i = 0; i < n; ++i) y[i] = x[i] * gate[i];
}
template <class T>
void silu_slope_array(const T* x, const T* gate, const T* g, T* d, std::size_t n, bool add) {
  for (std::size_t i = 0; i < n; ++i) {
    const T slope = g[i] * (gate[i] + x[i] * gate[i] * (T(1) - gate[i]));
    d[i] = add ? d[i] + slope : slope;
  }
}

namespace {

// Folds packs f(i) and then their lanes, always in the same order; rest(i) is a single number.
template <class T, class F, class Rest, class Join>
T fold(std::size_t n, T start, const F& f, const Rest& rest, const Join& join) {
  Pack<T> lanes = Pack<T>::Constant(start);
  std::size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) lanes = join(lanes, f(i));
  Pack<T> last = Pack<T>::Constant(start);
  for (std::size_t l = 0; i < n; ++i, ++l) last[static_cast<Eigen::Index>(l)] = rest(i);
  lanes = join(lanes, last);
  const Eigen::Array<T, 8, 1> eight = join(lanes.template head<8>(), lanes.template tail<8>());
  const Eigen::Array<T, 4, 1> four = join(eight.template head<4>(), eight.template tail<4>());
  const Eigen::Array<T, 2, 1> two = join(four.template head<2>(), four.template tail<2>());
  return join(two.template head<1>(), two.template tail<1>())(0);
}

// Closures for fold.
constexpr auto kPlus = [](const auto& a, const auto& b) { return (a + b).eval(); };
constexpr auto kMost = [](const auto& a, const auto& b) { return (a.max)(b).eval(); };

}  // namespace

template <class T>
T sum_array(const T* x, std::size_t n) {
  return fold(
      n, T(0), [=](std::size_t i) { return In<T>(x + i); }, [=](std::size_t i) { return x[i]; },
      kPlus);
}
template <class T>
T dot_array(const T* x, const T* y, std::size_t n) {
  return fold(
      n, T(0), [=](std::size_t i) { return In<T>(x + i) * In<T>(y + i); },
      [=](std::size_t i) { return x[i] * y[i]; }, kPlus);
}
template <class T>
T max_array(const T* x, std::size_t n) {
  return fold(
      n, -std::numeric_limits<T>::infinity(), [=](std::size_t i) { return In<T>(x + i); },
      [=](std::size_t i) { return x[i]; }, kMost);
}

template <class T>
T exp_shifted(const T* x, T top, T* y, std::size_t n) {
  map(x, y, n, [top](const Pack<T>& v) { return Pack<T>((v - top).exp()); });
  return sum_array(y, n);
}
template <class T>
void softmax_array(const T* x, T factor, T* y, std::size_t n) {
  const T top = factor * max_array(x, n);
  map(x, y, n, [=](const Pack<T>& v) { return Pack<T>((factor * v - top).exp()); });
  const T scale = T(1) / sum_array(y, n);
  for (std::size_t i = 0; i < n; ++i) y[i] *= scale;
}
template <class T>
void softmax_slope_array(const T* y, const T* g, T factor, T* d, std::size_t n) {
  const T mean = dot_array(y, g, n);
  for (std::size_t i = 0; i < n; ++i) d[i] = factor * y[i] * (g[i] - mean);
}

// NOLINTBEGIN(bugprone-macro-parentheses): a type
#define ASSAY_VECTOR_MATH(T)                                                              \
  template void exp_array<T>(const T*, T*, std::size_t);                                  \
  template void log_array<T>(const T*, T*, std::size_t);                                  \
  template void tanh_array<T>(const T*, T*, std::size_t);                                 \
  template void sigmoid_array<T>(const T*, T*, std::size_t);                              \
  template void gelu_array<T>(const T*, T*, T*, std::size_t);                             \
  template void gelu_slope_array<T>(const T*, const T*, const T*, T*, std::size_t, bool); \
  template void silu_array<T>(const T*, T*, T*, std::size_t);                             \
  template void silu_slope_array<T>(const T*, const T*, const T*, T*, std::size_t, bool); \
  template T sum_array<T>(const T*, std::size_t);                                         \
  template T dot_array<T>(const T*, const T*, std::size_t);                               \
  template T max_array<T>(const T*, std::size_t);                                         \
  template T exp_shifted<T>(const T*, T, T*, std::size_t);                                \
  template void softmax_array<T>(const T*, T, T*, std::size_t);                           \
  template void softmax_slope_array<T>(const T*, const T*, T, T*, std::size_t);
ASSAY_VECTOR_MATH(float)
ASSAY_VECTOR_MATH(double)
#undef ASSAY_VECTOR_MATH
// NOLINTEND(bugprone-macro-parentheses)

}  // namespace assay::nn
