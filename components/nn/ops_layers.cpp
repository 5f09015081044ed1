// Layers whose parts are worth doing in one pass: products with a bias and an activation, norms,
// dropout.
#include <cmath>

#include "components/nn/product_op.h"
#include "components/nn/vector_math.h"

namespace assay::nn {

Var activate(Var a, Activation activation) {
  switch (activation) {
    case Activation::kRelu:
      return relu(a);
    case Activation::kTanh:
      return tanh(a);
    case Activation::kGelu:
      return gelu(a);
    case Activation::kSilu:
      return silu(a);
    case Activation::kNone:
      break;
  }
  return a;
}

Var linear(Var x, Var w, Var bias, Activation activation) {
  if (!fuses(activation)) return activate(linear(x, w, bias), activation);
  const int n = rows_of(x.shape()), k = columns_of(x.shape()), d = rows_of(w.shape());
  if (columns_of(w.shape()) != k) bad_shapes("linear", x, w);
  if (bias.valid() && bias.shape().count() != d) bad_shapes("linear", w, bias);
  const Var inputs[] = {x, w, bias.valid() ? bias : w};
  const bool biased = bias.valid();
  const Tape::Numbers room =
      x.tape->numbers(activation == Activation::kNone ? 0 : std::int64_t{n} * d);
  return x.tape->custom(
      "linear", std::span(inputs).first(biased ? 3 : 2), {n, d},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          affine<T>(in[0]->data<T>().data(), in[1]->data<T>().data(),
                    biased ? in[2]->data<T>().data() : nullptr, out.data<T>().data(), n, k, d,
                    activation);
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* g =
              before_activation<T>(out.data<T>(), grad.data<T>().data(), room.as<T>(), activation);
          product_backward<T>(in[0]->data<T>().data(), in[1]->data<T>().data(), true, g, n, k, d,
                              to);
          const auto claim = biased ? to.claim(2) : Tape::Gradients::Claim{};
          if (claim.tensor) add_up_rows<T>(g, n, d, claim.tensor->data<T>().data(), claim.add);
        });
      });
}

namespace {

// y = (x - mean) * scale * gain + bias by rows; mean and bias are absent from the RMS norm. What is
// kept: each row's mean and scale.
struct Norm {
  int n, d;
  bool centred;
  double epsilon;
  auto width() const { return static_cast<std::size_t>(d); }
  // Those rows alone.
  Norm rows(std::int64_t first, std::int64_t last) const {
    return {static_cast<int>(last - first), d, centred, epsilon};
  }
};

template <class T>
void norm_forward(const Norm& norm, const T* x, const T* gain, const T* bias, T* kept, T* y) {
  const std::size_t d = norm.width();
  for (int i = 0; i < norm.n; ++i, x += d, y += d, kept += 2) {
    const T mean = norm.centred ? sum_array(x, d) / static_cast<T>(d) : T(0);
    for (std::size_t j = 0; j < d; ++j) y[j] = x[j] - mean;
    const T variance = dot_array(y, y, d) / static_cast<T>(d);
    const T scale = T(1) / std::sqrt(variance + static_cast<T>(norm.epsilon));
    if (bias)
      for (std::size_t j = 0; j < d; ++j) y[j] = y[j] * scale * gain[j] + bias[j];
    else
      for (std::size_t j = 0; j < d; ++j) y[j] = y[j] * scale * gain[j];
    kept[0] = mean;
    kept[1] = scale;
  }
}

// dx = scale (gg - mean(gg) - u mean(gg u)), gg = g gain, u the normalised row. `room`: 2 d.
template <class T>
void norm_dx(const Norm& norm, const T* x, const T* gain, const T* kept, const T* g, T* room, T* dx,
             bool add) {
  const std::size_t d = norm.width();
  T *gg = room, *u = room + d;
  for (int i = 0; i < norm.n; ++i, x += d, g += d, dx += d, kept += 2) {
    const T mean = kept[0], scale = kept[1];
    for (std::size_t j = 0; j < d; ++j) {
      u[j] = (x[j] - mean) * scale;
      gg[j] = g[j] * gain[j];
    }
    const T along = dot_array(gg, u, d) / static_cast<T>(d);
    const T level = norm.centred ? sum_array(gg, d) / static_cast<T>(d) : T(0);
    if (add)
      for (std::size_t j = 0; j < d; ++j) dx[j] += scale * (gg[j] - level - u[j] * along);
    else
      for (std::size_t j = 0; j < d; ++j) dx[j] = scale * (gg[j] - level - u[j] * along);
  }
}

template <class T>
void norm_dgain(const Norm& norm, const T* x, const T* kept, const T* g, T* to) {
  columns_in_parts(norm.n, norm.d, [&](int, std::int64_t first, std::int64_t last) {
    for (std::int64_t i = 0; i < norm.n; ++i) {
      const T mean = kept[2 * i], scale = kept[2 * i + 1];
      const T *row = x + i * norm.d, *slope = g + i * norm.d;
      for (std::int64_t j = first; j < last; ++j) to[j] += slope[j] * ((row[j] - mean) * scale);
    }
  });
}

Var normalise(const char* name, Var a, Var gain, Var bias, double epsilon) {
  const Norm norm = {rows_of(a.shape()), columns_of(a.shape()), bias.valid(), epsilon};
  if (gain.shape().count() != norm.d) bad_shapes(name, a, gain);
  if (bias.valid() && bias.shape().count() != norm.d) bad_shapes(name, a, bias);
  const Var inputs[] = {a, gain, bias.valid() ? bias : gain};
  const Tape::Numbers kept = a.tape->numbers(std::int64_t{norm.n} * 2),
                      room = a.tape->numbers(std::int64_t{norm.d} * 2 * cores());
  return a.tape->custom(
      name, std::span(inputs).first(bias.valid() ? 3 : 2), a.shape(),
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T *x = in[0]->data<T>().data(), *scales = in[1]->data<T>().data();
          const T* shifts = norm.centred ? in[2]->data<T>().data() : nullptr;
          T *rows = kept.as<T>().data(), *y = out.data<T>().data();
          rows_in_parts(norm.n, norm.d, [&](int, std::int64_t first, std::int64_t last) {
            norm_forward<T>(norm.rows(first, last), x + first * norm.d, scales, shifts,
                            rows + 2 * first, y + first * norm.d);
          });
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T *x = in[0]->data<T>().data(), *g = grad.data<T>().data();
          const T* rows = kept.as<T>().data();
          if (const auto claim = to.claim(0); claim.tensor)
            rows_in_parts(norm.n, norm.d, [&](int part, std::int64_t first, std::int64_t last) {
              const std::int64_t at = first * norm.d;
              norm_dx<T>(norm.rows(first, last), x + at, in[1]->data<T>().data(), rows + 2 * first,
                         g + at, room.as<T>().data() + std::int64_t{part} * norm.d * 2,
                         claim.tensor->data<T>().data() + at, claim.add);
            });
          if (Tensor* dgain = to[1]) norm_dgain<T>(norm, x, rows, g, dgain->data<T>().data());
          const auto claim = norm.centred ? to.claim(2) : Tape::Gradients::Claim{};
          if (claim.tensor)
            add_up_rows<T>(g, norm.n, norm.d, claim.tensor->data<T>().data(), claim.add);
        });
      });
}

}  // namespace

Var layer_norm(Var a, Var gain, Var bias, double epsilon) {
  return normalise("layer_norm", a, gain, bias, epsilon);
}
Var rms_norm(Var a, Var gain, double epsilon) {
  return normalise("rms_norm", a, gain, {}, epsilon);
}

Var dropout(Var a, double rate, Stream stream) {
  if (rate < 0.0 || rate >= 1.0)
    throw std::invalid_argument("dropout: rate " + std::to_string(rate) + " is not in [0, 1)");
  return multiply(a, a.tape->constant(a.shape(), [&](Tensor& mask) {
    for (std::int64_t i = 0; i < mask.count(); ++i)
      mask.set(i, stream.uniform() < rate ? 0.0 : 1.0 / (1.0 - rate));
  }));
}

}  // namespace assay::nn
