// Softmax over rows, and cross-entropy, which needs its sums.
#include <cmath>
#include <type_traits>

#include "components/nn/cores.h"
#include "components/nn/dispatch.h"
#include "components/nn/vector_math.h"

namespace assay::nn {

namespace {

struct Rows {
  int n, d;
  explicit Rows(const Shape& shape) : n(rows_of(shape)), d(columns_of(shape)) {}
  auto width() const { return static_cast<std::size_t>(d); }
};

template <class T>
void log_softmax_row(const T* x, T* y, std::size_t d) {
  const T top = max_array(x, d);
  const T norm = top + std::log(exp_shifted(x, top, y, d));
  for (std::size_t j = 0; j < d; ++j) y[j] = x[j] - norm;
}

// Row by row: forward(x, y, d) fills y, slope(y, g, to, d) adds to the gradient.
template <class Forward, class Slope>
Var over_rows(const char* name, Var a, Forward forward, Slope slope) {
  const Rows rows(a.shape());
  const Var inputs[] = {a};
  return a.tape->custom(
      name, inputs, a.shape(),
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          rows_in_parts(rows.n, rows.d, [&](int, std::int64_t first, std::int64_t last) {
            for (std::int64_t at = first * rows.d; at < last * rows.d; at += rows.d)
              forward(x + at, y + at, rows.width());
          });
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        Tensor* gradient = to[0];
        if (!gradient) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T *y = out.data<T>().data(), *g = grad.data<T>().data();
          T* d = gradient->data<T>().data();
          rows_in_parts(rows.n, rows.d, [&](int, std::int64_t first, std::int64_t last) {
            for (std::int64_t at = first * rows.d; at < last * rows.d; at += rows.d)
              slope(y + at, g + at, d + at, rows.width());
          });
        });
      });
}

}  // namespace

Var log_softmax(Var a) {
  return over_rows(
      "log_softmax", a, [](const auto* x, auto* y, std::size_t d) { log_softmax_row(x, y, d); },
      [](const auto* y, const auto* g, auto* to, std::size_t d) {
        const auto total = sum_array(g, d);
        for (std::size_t j = 0; j < d; ++j) to[j] += g[j] - std::exp(y[j]) * total;
      });
}

Var softmax(Var a) {
  return over_rows(
      "softmax", a,
      [](const auto* x, auto* y, std::size_t d) {
        softmax_array(x, std::remove_cvref_t<decltype(*y)>(1), y, d);
      },
      [](const auto* y, const auto* g, auto* to, std::size_t d) {
        const auto mean = dot_array(y, g, d);
        for (std::size_t j = 0; j < d; ++j) to[j] += y[j] * (g[j] - mean);
      });
}

namespace {

// The sum of -log softmax(x)[label] over labelled rows; p keeps softmax(x) - onehot(label), zeros
// where there is no label.
template <class T>
T cross_entropy_rows(Rows rows, const T* x, const int* labels, T* p) {
  const std::size_t d = rows.width();
  T total = 0;
  for (int i = 0; i < rows.n; ++i, x += d, p += d) {
    const int label = labels[i];
    if (label < 0) {
      std::fill(p, p + d, T(0));
      continue;
    }
    const T top = max_array(x, d), sum = exp_shifted(x, top, p, d);
    total += top + std::log(sum) - x[label];
    const T scale = T(1) / sum;
    for (std::size_t j = 0; j < d; ++j) p[j] *= scale;
    p[label] -= T(1);
  }
  return total;
}

template <class T>
void add_scaled(std::span<const T> from, T factor, T* to, bool add) {
  if (add)
    for (std::size_t i = 0; i < from.size(); ++i) to[i] += factor * from[i];
  else
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = factor * from[i];
}

int count_labels(Var logits, std::span<const int> labels, Rows rows) {
  if (static_cast<int>(labels.size()) != rows.n)
    bad_shapes("cross_entropy", logits, std::to_string(labels.size()) + " labels");
  int counted = 0;
  for (const int label : labels) {
    if (label >= rows.d)
      throw std::invalid_argument("cross_entropy: label " + std::to_string(label) + " of " +
                                  std::to_string(rows.d) + " classes");
    counted += label >= 0 ? 1 : 0;
  }
  return counted;
}

}  // namespace

Var cross_entropy(Var logits, std::span<const int> labels) {
  const Rows rows(logits.shape());
  const int counted = std::max(1, count_labels(logits, labels, rows));
  Tape& tape = *logits.tape;
  const Tape::Numbers kept = tape.numbers(logits.shape().count());
  const Var inputs[] = {logits};
  return tape.custom(
      "cross_entropy", inputs, {1},
      [&](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          out.data<T>()[0] = cross_entropy_rows<T>(rows, in[0]->data<T>().data(), labels.data(),
                                                   kept.as<T>().data()) /
                             static_cast<T>(counted);
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          add_scaled<T>(kept.as<T>(), grad.data<T>()[0] / static_cast<T>(counted),
                        claim.tensor->data<T>().data(), claim.add);
        });
      });
}

}  // namespace assay::nn
