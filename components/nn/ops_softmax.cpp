// Softmax over rows, and the losses and norms that need a row's sums.
#include <cmath>

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

template <class T>
void log_softmax_slope(Rows rows, const T* y, const T* g, T* to) {
  const std::size_t d = rows.width();
  for (int i = 0; i < rows.n; ++i, y += d, g += d, to += d) {
    const T total = sum_array(g, d);
    for (std::size_t j = 0; j < d; ++j) to[j] += g[j] - std::exp(y[j]) * total;
  }
}

template <class T>
void softmax_slope(Rows rows, const T* y, const T* g, T* to) {
  const std::size_t d = rows.width();
  for (int i = 0; i < rows.n; ++i, y += d, g += d, to += d) {
    const T mean = dot_array(y, g, d);
    for (std::size_t j = 0; j < d; ++j) to[j] += y[j] * (g[j] - mean);
  }
}

}  // namespace

Var log_softmax(Var a) {
  const Rows rows(a.shape());
  const Var inputs[] = {a};
  return a.tape->custom(
      "log_softmax", inputs, a.shape(),
      [rows](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          for (int i = 0; i < rows.n; ++i, x += rows.d, y += rows.d)
            log_softmax_row(x, y, rows.width());
        });
      },
      [rows](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (to[0])
            log_softmax_slope<T>(rows, out.data<T>().data(), grad.data<T>().data(),
                                 to[0]->data<T>().data());
        });
      });
}

Var softmax(Var a) {
  const Rows rows(a.shape());
  const Var inputs[] = {a};
  return a.tape->custom(
      "softmax", inputs, a.shape(),
      [rows](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          for (int i = 0; i < rows.n; ++i, x += rows.d, y += rows.d)
            softmax_array(x, T(1), y, rows.width());
        });
      },
      [rows](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (to[0])
            softmax_slope<T>(rows, out.data<T>().data(), grad.data<T>().data(),
                             to[0]->data<T>().data());
        });
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
