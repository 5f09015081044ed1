// Elementwise operations: y = f(x), dx += f'(x, y) dy.
#include <cmath>
#include <type_traits>

#include "components/nn/cores.h"
#include "components/nn/dispatch.h"
#include "components/nn/vector_math.h"

namespace assay::nn {

namespace {

// y = f(x), over arrays.
template <class T, class F>
void apply(const T* x, T* y, std::size_t n, const F& f) {
  for (std::size_t i = 0; i < n; ++i) y[i] = f(x[i]);
}
// d = slope(i) g, or added.
template <class T, class Slope>
void accumulate(const T* g, T* d, std::size_t n, bool add, const Slope& slope) {
  if (add)
    for (std::size_t i = 0; i < n; ++i) d[i] += slope(i) * g[i];
  else
    for (std::size_t i = 0; i < n; ++i) d[i] = slope(i) * g[i];
}

// forward(x, y, n, first) fills y; backward(x, y, g, d, n, add, first) gives the gradient: of n
// numbers, the first of which is number `first` of all.
template <class F, class Backward>
Var over_arrays(const char* name, Var a, F forward, Backward backward) {
  const Var inputs[] = {a};
  return a.tape->custom(
      name, inputs, a.shape(),
      [forward](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          numbers_in_parts(out.count(), [&](int, std::int64_t first, std::int64_t last) {
            forward(x + first, y + first, static_cast<std::size_t>(last - first), first);
          });
        });
      },
      [backward](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T *x = in[0]->data<T>().data(), *y = out.data<T>().data(),
                  *g = grad.data<T>().data();
          T* d = claim.tensor->data<T>().data();
          numbers_in_parts(grad.count(), [&](int, std::int64_t first, std::int64_t last) {
            backward(x + first, y + first, g + first, d + first,
                     static_cast<std::size_t>(last - first), claim.add, first);
          });
        });
      });
}

// f(x) gives y; slope(x, y) gives dy/dx.
template <class F, class Slope>
Var unary(const char* name, Var a, F f, Slope slope) {
  return over_arrays(
      name, a, [f](const auto* x, auto* y, std::size_t n, auto) { apply(x, y, n, f); },
      [slope](const auto* x, const auto* y, const auto* g, auto* d, std::size_t n, bool add, auto) {
        accumulate(g, d, n, add, [=](std::size_t i) { return slope(x[i], y[i]); });
      });
}

// y = f(x, z); a loop of its own, where nothing is read through a closure.
template <class T, class F>
void combine(const T* x, const T* z, T* y, std::int64_t n, F f) {
  for (std::int64_t i = 0; i < n; ++i) y[i] = f(x[i], z[i]);
}

// f(a, b) gives y; da and db give its slopes.
template <class F, class Da, class Db>
Var binary(const char* name, Var a, Var b, F f, Da da, Db db) {
  if (!(a.shape() == b.shape())) bad_shapes(name, a, b);
  const Var inputs[] = {a, b};
  return a.tape->custom(
      name, inputs, a.shape(),
      [f](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T *x = in[0]->data<T>().data(), *z = in[1]->data<T>().data();
          T* y = out.data<T>().data();
          numbers_in_parts(out.count(), [&](int, std::int64_t first, std::int64_t last) {
            combine(x + first, z + first, y + first, last - first, f);
          });
        });
      },
      [da, db](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T *x = in[0]->data<T>().data(), *z = in[1]->data<T>().data();
          const T* g = grad.data<T>().data();
          const auto hand_on = [&](Tape::Gradients::Claim claim, const auto& slope) {
            if (!claim.tensor) return;
            T* d = claim.tensor->data<T>().data();
            numbers_in_parts(grad.count(), [&](int, std::int64_t first, std::int64_t last) {
              accumulate(
                  g + first, d + first, static_cast<std::size_t>(last - first), claim.add,
                  [&, x = x + first, z = z + first](std::size_t i) { return slope(x[i], z[i]); });
            });
          };
          hand_on(to.claim(0), da);
          hand_on(to.claim(1), db);
        });
      });
}

}  // namespace

Var add(Var a, Var b) {
  return binary(
      "add", a, b, [](auto x, auto y) { return x + y; },
      [](auto, auto y) { return decltype(y)(1); }, [](auto, auto y) { return decltype(y)(1); });
}
Var subtract(Var a, Var b) {
  return binary(
      "subtract", a, b, [](auto x, auto y) { return x - y; },
      [](auto, auto y) { return decltype(y)(1); }, [](auto, auto y) { return decltype(y)(-1); });
}
Var multiply(Var a, Var b) {
  return binary(
      "multiply", a, b, [](auto x, auto y) { return x * y; }, [](auto, auto y) { return y; },
      [](auto x, auto) { return x; });
}
Var straight_through(Var hard, Var soft) {
  return binary(
      "straight_through", hard, soft, [](auto x, auto) { return x; },
      [](auto, auto y) { return decltype(y)(0); }, [](auto, auto y) { return decltype(y)(1); });
}
Var scale(Var a, double factor) {
  return unary(
      "scale", a, [factor](auto x) { return static_cast<decltype(x)>(factor) * x; },
      [factor](auto x, auto) { return static_cast<decltype(x)>(factor); });
}
Var shift(Var a, double offset) {
  return unary(
      "shift", a, [offset](auto x) { return static_cast<decltype(x)>(offset) + x; },
      [](auto x, auto) { return decltype(x)(1); });
}
Var relu(Var a) {
  // Written so that NaN stays NaN: hidden, it would pass for a finite loss.
  return unary(
      "relu", a, [](auto x) { return x <= 0 ? decltype(x)(0) : x; },
      [](auto x, auto) { return decltype(x)(x > 0 ? 1 : 0); });
}
namespace {

// x gate(x): forward(x, gate, y, n) keeps the gate, backward(x, gate, g, d, n, add) uses it.
template <class F, class Backward>
Var gated(const char* name, Var a, F forward, Backward backward) {
  const Tape::Numbers gate = a.tape->numbers(a.shape().count());
  return over_arrays(
      name, a,
      [=](const auto* x, auto* y, std::size_t n, std::int64_t first) {
        using T = std::remove_cvref_t<decltype(*y)>;
        forward(x, gate.as<T>().data() + first, y, n);
      },
      [=](const auto* x, const auto*, const auto* g, auto* d, std::size_t n, bool add,
          std::int64_t first) {
        using T = std::remove_cvref_t<decltype(*d)>;
        backward(x, static_cast<const T*>(gate.as<T>().data()) + first, g, d, n, add);
      });
}

}  // namespace

Var gelu(Var a) {
  return gated(
      "gelu", a,
      [](const auto* x, auto* gate, auto* y, std::size_t n) { gelu_array(x, gate, y, n); },
      [](const auto* x, const auto* gate, const auto* g, auto* d, std::size_t n, bool add) {
        gelu_slope_array(x, gate, g, d, n, add);
      });
}
Var silu(Var a) {
  return gated(
      "silu", a,
      [](const auto* x, auto* gate, auto* y, std::size_t n) { silu_array(x, gate, y, n); },
      [](const auto* x, const auto* gate, const auto* g, auto* d, std::size_t n, bool add) {
        silu_slope_array(x, gate, g, d, n, add);
      });
}

namespace {

// A function over arrays with a slope from its value.
template <class F, class Slope>
Var by_value(const char* name, Var a, F f, Slope slope) {
  return over_arrays(
      name, a, [f](const auto* x, auto* y, std::size_t n, auto) { f(x, y, n); },
      [slope](const auto*, const auto* y, const auto* g, auto* d, std::size_t n, bool add, auto) {
        accumulate(g, d, n, add, [=](std::size_t i) { return slope(y[i]); });
      });
}

}  // namespace

Var tanh(Var a) {
  return by_value(
      "tanh", a, [](const auto* x, auto* y, std::size_t n) { tanh_array(x, y, n); },
      [](auto y) { return decltype(y)(1) - y * y; });
}
Var sigmoid(Var a) {
  return by_value(
      "sigmoid", a, [](const auto* x, auto* y, std::size_t n) { sigmoid_array(x, y, n); },
      [](auto y) { return y * (decltype(y)(1) - y); });
}
Var exp(Var a) {
  return by_value(
      "exp", a, [](const auto* x, auto* y, std::size_t n) { exp_array(x, y, n); },
      [](auto y) { return y; });
}
Var log(Var a) {
  return over_arrays(
      "log", a, [](const auto* x, auto* y, std::size_t n, auto) { log_array(x, y, n); },
      [](const auto* x, const auto*, const auto* g, auto* d, std::size_t n, bool add, auto) {
        using T = std::remove_cvref_t<decltype(*d)>;
        accumulate(g, d, n, add, [=](std::size_t i) { return T(1) / x[i]; });
      });
}
Var softplus(Var a) {
  // log(1 + e^x) without overflow: max(x, 0) + log1p(e^-|x|).
  return unary(
      "softplus", a,
      [](auto x) { return std::max(x, decltype(x)(0)) + std::log1p(std::exp(-std::abs(x))); },
      [](auto x, auto) {
        using T = decltype(x);
        return x >= 0 ? T(1) / (T(1) + std::exp(-x)) : std::exp(x) / (T(1) + std::exp(x));
      });
}
Var square(Var a) {
  return unary(
      "square", a, [](auto x) { return x * x; }, [](auto x, auto) { return decltype(x)(2) * x; });
}
Var absolute(Var a) {
  return unary(
      "absolute", a, [](auto x) { return std::abs(x); },
      [](auto x, auto) {
        return decltype(x)(x > 0 ? 1 : x < 0 ? -1 : 0);
      });
}
Var clamp(Var a, double low, double high) {
  return unary(
      "clamp", a,
      [low, high](auto x) {
        using T = decltype(x);
        return std::min(std::max(x, T(low)), T(high));
      },
      [low, high](auto x, auto) {
        using T = decltype(x);
        return T(x > T(low) && x < T(high) ? 1 : 0);
      });
}
Var stop_gradient(Var a) {
  const Tensor& value = a.tape->value(a);
  return a.tape->constant(a.shape(), [&](Tensor& out) { out = value; });
}

Var reshape(Var a, Shape shape) {
  if (shape.count() != a.shape().count()) bad_shapes("reshape", a, shape.text());
  const Var inputs[] = {a};
  return a.tape->custom(
      "reshape", inputs, shape,
      [](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          std::copy(in[0]->data<T>().begin(), in[0]->data<T>().end(), out.data<T>().begin());
        });
      },
      [](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto g = grad.data<T>();
          accumulate(g.data(), claim.tensor->data<T>().data(), g.size(), claim.add,
                     [](std::size_t) { return T(1); });
        });
      });
}

}  // namespace assay::nn
