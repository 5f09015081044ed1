// Products and operations on rows and columns.
#include <cmath>

#include "components/nn/product_op.h"

namespace assay::nn {

namespace {

Var product_of(const char* name, Var a, Var b, bool transposed) {
  const int n = rows_of(a.shape()), k = columns_of(a.shape());
  const int d = transposed ? rows_of(b.shape()) : columns_of(b.shape());
  if ((transposed ? columns_of(b.shape()) : rows_of(b.shape())) != k) bad_shapes(name, a, b);
  const Var inputs[] = {a, b};
  return a.tape->custom(
      name, inputs, {n, d},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          product<T>({in[0]->data<T>().data(), k},
                     {in[1]->data<T>().data(), transposed ? k : d, transposed},
                     {out.data<T>().data(), d}, n, k, d, T(1), false);
        });
      },
      [=](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          product_backward<T>(in[0]->data<T>().data(), in[1]->data<T>().data(), transposed,
                              grad.data<T>().data(), n, k, d, to);
        });
      });
}

}  // namespace

Var matmul(Var a, Var b) {
  return product_of("matmul", a, b, false);
}
Var matmul_transposed(Var a, Var b) {
  return product_of("matmul_transposed", a, b, true);
}

namespace {

// b matrices of n x k times as many of k x d, or of d x k transposed.
struct Products {
  int each, n, k, d;
  bool transposed;
  std::int64_t left() const { return std::int64_t{n} * k; }
  std::int64_t right() const { return std::int64_t{k} * d; }
  std::int64_t out() const { return std::int64_t{n} * d; }
};

template <class T>
void products_forward(const Products& p, const T* a, const T* b, T* y) {
  for (std::int64_t i = 0; i < p.each; ++i)
    product<T>({a + i * p.left(), p.k}, {b + i * p.right(), p.transposed ? p.k : p.d, p.transposed},
               {y + i * p.out(), p.d}, p.n, p.k, p.d, T(1), false);
}

template <class T>
void products_backward(const Products& p, const T* a, const T* b, const T* g, T* da, T* db) {
  for (std::int64_t i = 0; i < p.each; ++i)
    product_slopes<T>(a + i * p.left(), b + i * p.right(), p.transposed, g + i * p.out(), p.n, p.k,
                      p.d, {da ? da + i * p.left() : nullptr, true},
                      {db ? db + i * p.right() : nullptr, true});
}

Var product_of_each(const char* name, Var a, Var b, bool transposed) {
  const Shape &x = a.shape(), &y = b.shape();
  if (x.rank() != 3 || y.rank() != 3 || x[0] != y[0] || x[2] != y[transposed ? 2 : 1])
    bad_shapes(name, a, b);
  const Products p = {x[0], x[1], x[2], y[transposed ? 1 : 2], transposed};
  const Var inputs[] = {a, b};
  return a.tape->custom(
      name, inputs, {p.each, p.n, p.d},
      [p](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          products_forward<T>(p, in[0]->data<T>().data(), in[1]->data<T>().data(),
                              out.data<T>().data());
        });
      },
      [p](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        Tensor *da = to[0], *db = to[1];
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          products_backward<T>(p, in[0]->data<T>().data(), in[1]->data<T>().data(),
                               grad.data<T>().data(), da ? da->data<T>().data() : nullptr,
                               db ? db->data<T>().data() : nullptr);
        });
      });
}

}  // namespace

Var matmul_batched(Var a, Var b) {
  return product_of_each("matmul_batched", a, b, false);
}
Var matmul_batched_transposed(Var a, Var b) {
  return product_of_each("matmul_batched_transposed", a, b, true);
}

namespace {

// y(i, j) = x(i, j) op v(index), for a vector along rows (index j) or columns (index i).
enum class Along { kRow, kColumn };

struct VectorOp {
  int n, d;
  bool row, multiply;
};

template <class T>
void vector_forward(const VectorOp& op, const T* all, const T* v, T* out) {
  rows_in_parts(op.n, op.d, [&](int, std::int64_t first, std::int64_t last) {
    const T* x = all + first * op.d;
    T* y = out + first * op.d;
    for (std::int64_t i = first; i < last; ++i, x += op.d, y += op.d)
      for (int j = 0; j < op.d; ++j) {
        const T z = v[op.row ? j : i];
        y[j] = op.multiply ? x[j] * z : x[j] + z;
      }
  });
}

// dx = g (times v), or added.
template <class T>
void vector_dx(const VectorOp& op, const T* v, const T* g, T* dx, bool add) {
  for (int i = 0; i < op.n; ++i, g += op.d, dx += op.d)
    for (int j = 0; j < op.d; ++j) {
      const T slope = op.multiply ? g[j] * v[op.row ? j : i] : g[j];
      dx[j] = add ? dx[j] + slope : slope;
    }
}

// dv += g (times x), summed over rows or columns, rows in order.
template <class T>
void vector_dv(const VectorOp& op, const T* x, const T* g, T* dv) {
  const auto d = static_cast<std::size_t>(op.d);
  for (int i = 0; i < op.n; ++i, g += op.d, x += op.d) {
    if (!op.row)
      dv[i] += op.multiply ? dot_array(g, x, d) : sum_array(g, d);
    else if (op.multiply)
      for (std::size_t j = 0; j < d; ++j) dv[j] += g[j] * x[j];
    else
      for (std::size_t j = 0; j < d; ++j) dv[j] += g[j];
  }
}

Var with_vector(const char* name, Var a, Var v, Along along, bool multiply) {
  const VectorOp op = {rows_of(a.shape()), columns_of(a.shape()), along == Along::kRow, multiply};
  if (v.shape().count() != (op.row ? op.d : op.n)) bad_shapes(name, a, v);
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
          if (const auto claim = to.claim(0); claim.tensor)
            vector_dx<T>(op, in[1]->data<T>().data(), g, claim.tensor->data<T>().data(), claim.add);
          if (to[1]) vector_dv<T>(op, in[0]->data<T>().data(), g, to[1]->data<T>().data());
        });
      });
}

}  // namespace

Var add_row(Var a, Var row) {
  return with_vector("add_row", a, row, Along::kRow, false);
}
Var add_tiled(Var a, Var tile) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape()), m = rows_of(tile.shape());
  if (columns_of(tile.shape()) != d || m == 0 || n % m != 0) bad_shapes("add_tiled", a, tile);
  const auto size = static_cast<std::size_t>(tile.shape().count());
  const Var inputs[] = {a, tile};
  return a.tape->custom(
      "add_tiled", inputs, a.shape(),
      [size](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>(), v = in[1]->data<T>();
          const auto y = out.data<T>();
          for (std::size_t at = 0; at < y.size(); at += size)
            for (std::size_t i = 0; i < size; ++i) y[at + i] = x[at + i] + v[i];
        });
      },
      [size](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto g = grad.data<T>();
          if (Tensor* dx = to[0])
            for (std::size_t i = 0; i < g.size(); ++i) dx->data<T>()[i] += g[i];
          if (Tensor* dv = to[1])
            for (std::size_t at = 0; at < g.size(); at += size)
              for (std::size_t i = 0; i < size; ++i) dv->data<T>()[i] += g[at + i];
        });
      });
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
  const auto width = static_cast<std::size_t>(d);
  if (over == Over::kAll) *out += sum_array(x, static_cast<std::size_t>(n) * width);
  if (over == Over::kRows) add_up_rows(x, n, d, out, true);
  if (over != Over::kColumns) return;
  rows_in_parts(n, d, [&](int, std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) out[i] += sum_array(x + i * d, width);
  });
}
// The reverse: dx = factor * g, or added.
template <class T>
void spread(Over over, int n, int d, T factor, const T* g, T* dx, bool add) {
  for (int i = 0; i < n; ++i, dx += d)
    for (int j = 0; j < d; ++j) {
      const T slope = factor * g[over == Over::kRows ? j : over == Over::kColumns ? i : 0];
      dx[j] = add ? dx[j] + slope : slope;
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
          if (const auto claim = to.claim(0); claim.tensor)
            spread<T>(over, n, d, static_cast<T>(factor), grad.data<T>().data(),
                      claim.tensor->data<T>().data(), claim.add);
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

// y = sum (a - b)²; two numbers at a time are never kept.
template <class T>
T distance(std::span<const T> a, std::span<const T> b) {
  constexpr std::size_t kBlock = 256;
  T block[kBlock], total = 0;
  for (std::size_t at = 0; at < a.size(); at += kBlock) {
    const std::size_t n = std::min(kBlock, a.size() - at);
    for (std::size_t i = 0; i < n; ++i) block[i] = a[at + i] - b[at + i];
    total += dot_array(block, block, n);
  }
  return total;
}
template <class T>
void distance_slope(std::span<const T> a, std::span<const T> b, T factor, T* to, bool add) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const T slope = factor * (a[i] - b[i]);
    to[i] = add ? to[i] + slope : slope;
  }
}

}  // namespace

Var squared_distance(Var a, Var b, double factor) {
  if (!(a.shape() == b.shape())) bad_shapes("squared_distance", a, b);
  const Var inputs[] = {a, b};
  return a.tape->custom(
      "squared_distance", inputs, {1},
      [factor](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          out.data<T>()[0] =
              static_cast<T>(factor) * distance<T>(in[0]->data<T>(), in[1]->data<T>());
        });
      },
      [factor](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T slope = T(2) * static_cast<T>(factor) * grad.data<T>()[0];
          for (std::size_t i = 0; i < 2; ++i)
            if (const auto claim = to.claim(i); claim.tensor)
              distance_slope<T>(in[0]->data<T>(), in[1]->data<T>(), i == 0 ? slope : -slope,
                                claim.tensor->data<T>().data(), claim.add);
        });
      });
}
Var mean_squared_error(Var a, Var b) {
  return squared_distance(a, b,
                          1.0 / static_cast<double>(std::max<std::int64_t>(1, a.shape().count())));
}

}  // namespace assay::nn
