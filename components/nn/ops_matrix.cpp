// Products and operations on rows and columns.
#include <cmath>

#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"

namespace assay::nn {

namespace {

template <class T>
std::span<T> grad_of(Tensor* tensor) {
  return tensor->data<T>();
}

}  // namespace

Var matmul(Var a, Var b) {
  const int n = rows_of(a.shape()), k = columns_of(a.shape()), d = columns_of(b.shape());
  if (rows_of(b.shape()) != k) bad_shapes("matmul", a.shape(), b.shape());
  const Var inputs[] = {a, b};
  return a.tape->custom(
      "matmul", inputs, {n, d},
      [n, k, d](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          product<T>(in[0]->data<T>(), in[1]->data<T>(), out.data<T>(), n, k, d, false);
        });
      },
      [n, k, d](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (to[0])
            product_bt<T>(grad.data<T>(), in[1]->data<T>(), grad_of<T>(to[0]), n, d, k, true);
          if (to[1])
            product_at<T>(in[0]->data<T>(), grad.data<T>(), grad_of<T>(to[1]), k, n, d, true);
        });
      });
}

Var matmul_transposed(Var a, Var b) {
  const int n = rows_of(a.shape()), k = columns_of(a.shape()), d = rows_of(b.shape());
  if (columns_of(b.shape()) != k) bad_shapes("matmul_transposed", a.shape(), b.shape());
  const Var inputs[] = {a, b};
  return a.tape->custom(
      "matmul_transposed", inputs, {n, d},
      [n, k, d](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          product_bt<T>(in[0]->data<T>(), in[1]->data<T>(), out.data<T>(), n, k, d, false);
        });
      },
      [n, k, d](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (to[0]) product<T>(grad.data<T>(), in[1]->data<T>(), grad_of<T>(to[0]), n, d, k, true);
          if (to[1])
            product_at<T>(grad.data<T>(), in[0]->data<T>(), grad_of<T>(to[1]), d, n, k, true);
        });
      });
}

namespace {

// y(i, j) = x(i, j) op v(index), for a vector along rows (index j) or columns (index i).
enum class Along { kRow, kColumn };

struct VectorOp {
  int n, d;
  bool row, multiply;
};

template <class T>
void vector_forward(const VectorOp& op, const T* x, const T* v, T* y) {
  for (int i = 0; i < op.n; ++i, x += op.d, y += op.d) {
    for (int j = 0; j < op.d; ++j) {
      const T z = v[op.row ? j : i];
      y[j] = op.multiply ? x[j] * z : x[j] + z;
    }
  }
}

// dx += g (times v).
template <class T>
void vector_dx(const VectorOp& op, const T* v, const T* g, T* dx) {
  for (int i = 0; i < op.n; ++i, g += op.d, dx += op.d)
    for (int j = 0; j < op.d; ++j) dx[j] += op.multiply ? g[j] * v[op.row ? j : i] : g[j];
}

// dv += g (times x), summed over rows or columns, rows in order.
template <class T>
void vector_dv(const VectorOp& op, const T* x, const T* g, T* dv) {
  for (int i = 0; i < op.n; ++i, g += op.d, x += op.d) {
    for (int j = 0; op.row && j < op.d; ++j) dv[j] += op.multiply ? g[j] * x[j] : g[j];
    for (int j = 0; !op.row && j < op.d; ++j) dv[i] += op.multiply ? g[j] * x[j] : g[j];
  }
}

Var with_vector(const char* name, Var a, Var v, Along along, bool multiply) {
  const VectorOp op = {rows_of(a.shape()), columns_of(a.shape()), along == Along::kRow, multiply};
  if (v.shape().count() != (op.row ? op.d : op.n)) bad_shapes(name, a.shape(), v.shape());
  const Var inputs[] = {a, v};
  return a.tape->custom(
      name, inputs, a.shape(),
      [op](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          vector_forward<T>(op, in[0]->data<T>().data(), in[1]->data<T>().data(),
                            out.data<T>().data());
        });
      },
      [op](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* g = grad.data<T>().data();
          if (to[0]) vector_dx<T>(op, in[1]->data<T>().data(), g, to[0]->data<T>().data());
          if (to[1]) vector_dv<T>(op, in[0]->data<T>().data(), g, to[1]->data<T>().data());
        });
      });
}

}  // namespace

Var add_row(Var a, Var row) {
  return with_vector("add_row", a, row, Along::kRow, false);
}
Var multiply_row(Var a, Var row) {
  return with_vector("multiply_row", a, row, Along::kRow, true);
}
Var multiply_column(Var a, Var column) {
  return with_vector("multiply_column", a, column, Along::kColumn, true);
}

namespace {

enum class Over { kAll, kRows, kColumns };

// out += x, summed over all, over rows (out: d) or over columns (out: n); rows in order.
template <class T>
void add_up(Over over, int n, int d, const T* x, T* out) {
  for (int i = 0; i < n; ++i, x += d) {
    for (int j = 0; over == Over::kRows && j < d; ++j) out[j] += x[j];
    T* single = out + (over == Over::kColumns ? i : 0);
    for (int j = 0; over != Over::kRows && j < d; ++j) *single += x[j];
  }
}
// The reverse: dx += factor * g.
template <class T>
void spread(Over over, int n, int d, T factor, const T* g, T* dx) {
  for (int i = 0; i < n; ++i, dx += d) {
    for (int j = 0; over == Over::kRows && j < d; ++j) dx[j] += factor * g[j];
    const T single = factor * g[over == Over::kColumns ? i : 0];
    for (int j = 0; over != Over::kRows && j < d; ++j) dx[j] += single;
  }
}

Var reduce(const char* name, Var a, Shape shape, double factor, Over over) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  const Var inputs[] = {a};
  return a.tape->custom(
      name, inputs, shape,
      [=](Tape::Inputs in, Tensor& out) {
        out.fill(0.0);
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          add_up<T>(over, n, d, in[0]->data<T>().data(), out.data<T>().data());
          for (T& value : out.data<T>()) value *= static_cast<T>(factor);
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (to[0])
            spread<T>(over, n, d, static_cast<T>(factor), grad.data<T>().data(),
                      to[0]->data<T>().data());
        });
      });
}

}  // namespace

Var sum(Var a) {
  return reduce("sum", a, {1}, 1.0, Over::kAll);
}
Var mean(Var a) {
  return reduce("mean", a, {1}, 1.0 / static_cast<double>(a.shape().count()), Over::kAll);
}
Var sum_rows(Var a) {
  return reduce("sum_rows", a, {columns_of(a.shape())}, 1.0, Over::kRows);
}
Var mean_rows(Var a) {
  return reduce("mean_rows", a, {columns_of(a.shape())}, 1.0 / rows_of(a.shape()), Over::kRows);
}
Var sum_columns(Var a) {
  return reduce("sum_columns", a, {rows_of(a.shape())}, 1.0, Over::kColumns);
}

namespace {

template <class T>
void log_softmax_row(const T* x, T* y, int d) {
  T top = x[0];
  for (int j = 1; j < d; ++j) top = std::max(top, x[j]);
  T total = 0;
  for (int j = 0; j < d; ++j) total += std::exp(x[j] - top);
  const T norm = top + std::log(total);
  for (int j = 0; j < d; ++j) y[j] = x[j] - norm;
}

}  // namespace

Var log_softmax(Var a) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  const Var inputs[] = {a};
  return a.tape->custom(
      "log_softmax", inputs, a.shape(),
      [n, d](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (int i = 0; i < n; ++i)
            log_softmax_row(in[0]->data<T>().data() + std::int64_t{i} * d,
                            out.data<T>().data() + std::int64_t{i} * d, d);
        });
      },
      [n, d](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (int i = 0; i < n; ++i) {
            const std::int64_t row = std::int64_t{i} * d;
            const T *y = out.data<T>().data() + row, *g = grad.data<T>().data() + row;
            T total = 0;
            for (int j = 0; j < d; ++j) total += g[j];
            for (int j = 0; j < d; ++j)
              to[0]->data<T>()[static_cast<std::size_t>(row + j)] += g[j] - std::exp(y[j]) * total;
          }
        });
      });
}

Var softmax(Var a) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  const Var inputs[] = {a};
  return a.tape->custom(
      "softmax", inputs, a.shape(),
      [n, d](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (int i = 0; i < n; ++i) {
            T* y = out.data<T>().data() + std::int64_t{i} * d;
            log_softmax_row(in[0]->data<T>().data() + std::int64_t{i} * d, y, d);
            for (int j = 0; j < d; ++j) y[j] = std::exp(y[j]);
          }
        });
      },
      [n, d](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (int i = 0; i < n; ++i) {
            const std::int64_t row = std::int64_t{i} * d;
            const T *y = out.data<T>().data() + row, *g = grad.data<T>().data() + row;
            T total = 0;
            for (int j = 0; j < d; ++j) total += g[j] * y[j];
            for (int j = 0; j < d; ++j)
              to[0]->data<T>()[static_cast<std::size_t>(row + j)] += y[j] * (g[j] - total);
          }
        });
      });
}

Var mean_squared_error(Var a, Var b) {
  return mean(square(subtract(a, b)));
}

}  // namespace assay::nn
