// Elementwise operations: y = f(x), dx += f'(x, y) dy.
#include <cmath>

#include "components/nn/dispatch.h"

namespace assay::nn {

namespace {

// f(x) gives y; slope(x, y) gives dy/dx.
template <class F, class Slope>
Var unary(const char* name, Var a, F f, Slope slope) {
  const Var inputs[] = {a};
  return a.tape->custom(
      name, inputs, a.shape(),
      [f](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>();
          const auto y = out.data<T>();
          for (std::size_t i = 0; i < y.size(); ++i) y[i] = f(x[i]);
        });
      },
      [slope](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>(), y = out.data<T>(), g = grad.data<T>();
          const auto d = to[0]->data<T>();
          for (std::size_t i = 0; i < g.size(); ++i) d[i] += slope(x[i], y[i]) * g[i];
        });
      });
}

// f(a, b) gives y; da and db give its slopes.
template <class F, class Da, class Db>
Var binary(const char* name, Var a, Var b, F f, Da da, Db db) {
  if (!(a.shape() == b.shape())) bad_shapes(name, a.shape(), b.shape());
  const Var inputs[] = {a, b};
  return a.tape->custom(
      name, inputs, a.shape(),
      [f](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>(), z = in[1]->data<T>();
          const auto y = out.data<T>();
          for (std::size_t i = 0; i < y.size(); ++i) y[i] = f(x[i], z[i]);
        });
      },
      [da, db](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>(), z = in[1]->data<T>(), g = grad.data<T>();
          for (std::size_t i = 0; to[0] && i < g.size(); ++i)
            to[0]->data<T>()[i] += da(x[i], z[i]) * g[i];
          for (std::size_t i = 0; to[1] && i < g.size(); ++i)
            to[1]->data<T>()[i] += db(x[i], z[i]) * g[i];
        });
      });
}

template <class T>
T logistic(T x) {
  return x >= 0 ? T(1) / (T(1) + std::exp(-x)) : std::exp(x) / (T(1) + std::exp(x));
}

constexpr double kGeluScale = 0.7978845608028654;  // sqrt(2 / pi)
constexpr double kGeluCube = 0.044715;

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
Var gelu(Var a) {
  return unary(
      "gelu", a,
      [](auto x) {
        using T = decltype(x);
        return T(0.5) * x * (T(1) + std::tanh(T(kGeluScale) * (x + T(kGeluCube) * x * x * x)));
      },
      [](auto x, auto) {
        using T = decltype(x);
        const T t = std::tanh(T(kGeluScale) * (x + T(kGeluCube) * x * x * x));
        const T inner = T(kGeluScale) * (T(1) + T(3 * kGeluCube) * x * x);
        return T(0.5) * (T(1) + t) + T(0.5) * x * (T(1) - t * t) * inner;
      });
}
Var tanh(Var a) {
  return unary(
      "tanh", a, [](auto x) { return std::tanh(x); },
      [](auto, auto y) { return decltype(y)(1) - y * y; });
}
Var sigmoid(Var a) {
  return unary(
      "sigmoid", a, [](auto x) { return logistic(x); },
      [](auto, auto y) { return y * (decltype(y)(1) - y); });
}
Var exp(Var a) {
  return unary(
      "exp", a, [](auto x) { return std::exp(x); }, [](auto, auto y) { return y; });
}
Var log(Var a) {
  return unary(
      "log", a, [](auto x) { return std::log(x); },
      [](auto x, auto) { return decltype(x)(1) / x; });
}
Var softplus(Var a) {
  // log(1 + e^x) without overflow: max(x, 0) + log1p(e^-|x|).
  return unary(
      "softplus", a,
      [](auto x) { return std::max(x, decltype(x)(0)) + std::log1p(std::exp(-std::abs(x))); },
      [](auto x, auto) { return logistic(x); });
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
  return unary(
      "stop_gradient", a, [](auto x) { return x; }, [](auto x, auto) { return decltype(x)(0); });
}

Var reshape(Var a, Shape shape) {
  if (shape.count() != a.shape().count()) bad_shapes("reshape", a.shape(), shape);
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
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (std::size_t i = 0; i < grad.data<T>().size(); ++i)
            to[0]->data<T>()[i] += grad.data<T>()[i];
        });
      });
}

}  // namespace assay::nn
