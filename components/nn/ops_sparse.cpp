// Sparse codes: rows that hold k of d numbers. What is not kept is never multiplied, forwards or
// backwards.
#include <functional>
#include <limits>

#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"

namespace assay::nn {

namespace {

constexpr int kGroups = 64;  // of columns, each column in turn
constexpr int kBlock = 16;   // columns that are looked at together

// A number that at least k of d numbers reach: the k-th largest of the groups' maxima.
template <class T>
T reached_by(const T* x, int d, int k) {
  if (k > kGroups || d < 4 * kGroups) return -std::numeric_limits<T>::infinity();
  T top[kGroups];
  std::fill(top, top + kGroups, -std::numeric_limits<T>::infinity());
  for (int c = 0; c + kGroups <= d; c += kGroups)
    for (int g = 0; g < kGroups; ++g) top[g] = x[c + g] > top[g] ? x[c + g] : top[g];
  std::nth_element(top, top + k - 1, top + kGroups, std::greater<>());
  return top[k - 1];
}

// NaN comes before all else: it must be taken, not hidden.
template <class T>
bool before(T a, T b) {
  return a > b || (a != a && b == b);
}

// Keeps x[c] where it is among the k best so far, in falling order; ties stay with the lower
// column.
template <class T>
void insert(const T* x, int c, int k, int& kept, T* best, int* columns) {
  if (kept == k && !before(x[c], best[k - 1])) return;
  int at = kept < k ? kept++ : k - 1;
  for (; at > 0 && before(x[c], best[at - 1]); --at) {
    best[at] = best[at - 1];
    columns[at] = columns[at - 1];
  }
  best[at] = x[c];
  columns[at] = c;
}

// The columns of the k largest of d numbers, ascending; ties go to the lower column.
template <class T>
void largest(const T* x, int d, int k, T* best, int* columns) {
  const T least = reached_by(x, d, k);
  int kept = 0;
  int c = 0;
  for (; c + kBlock <= d; c += kBlock) {
    int any = 0;  // a count of fixed length is vectorised; most blocks hold nothing of interest
    for (int l = 0; l < kBlock; ++l) any += x[c + l] < least ? 0 : 1;
    for (int l = c; any != 0 && l < c + kBlock; ++l)
      if (!(x[l] < least)) insert(x, l, k, kept, best, columns);
  }
  for (; c < d; ++c) insert(x, c, k, kept, best, columns);
  std::sort(columns, columns + k);
}

template <class T>
T dot(const T* a, const T* b, int d) {
  // Eight sums that do not wait for each other; their order is fixed.
  T sums[8] = {};
  int j = 0;
  for (; j + 8 <= d; j += 8)
    for (int l = 0; l < 8; ++l) sums[l] += a[j + l] * b[j + l];
  T rest = 0;
  for (; j < d; ++j) rest += a[j] * b[j];
  for (const T sum : sums) rest += sum;
  return rest;
}

template <class T>
void add_scaled(T factor, const T* from, T* to, int d) {
  for (int j = 0; j < d; ++j) to[j] += factor * from[j];
}

// For entry (i, j) of n x k, the row of a table that its column names.
struct Entries {
  std::span<const int> columns;
  int n, k, d;
  template <class Visit>
  void each(const Visit& visit) const {
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < k; ++j) {
        const std::int64_t at = std::int64_t{i} * k + j;
        visit(at, std::int64_t{i} * d, std::int64_t{columns[static_cast<std::size_t>(at)]});
      }
  }
};

template <class T>
void select(const Entries& e, int wide, std::span<const T> dense, std::span<int> columns,
            std::span<T> best, T* values) {
  for (int i = 0; i < e.n; ++i) {
    const T* row = dense.data() + std::int64_t{i} * wide;
    int* chosen = columns.data() + std::int64_t{i} * e.k;
    largest(row, wide, e.k, best.data(), chosen);
    for (int j = 0; j < e.k; ++j) values[std::int64_t{i} * e.k + j] = row[chosen[j]];
  }
}

template <class T>
void repeat_row(std::span<const T> row, std::span<T> to) {
  for (std::size_t at = 0; at < to.size(); at += row.size())
    std::copy(row.begin(), row.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
}

// Null where no gradient is wanted.
template <class T>
T* pointer(Tensor* gradient) {
  return gradient ? gradient->data<T>().data() : nullptr;
}

// g: n x k, x: n x d, w: m x d.
template <class T>
void topk_backward(const Entries& e, const T* x, const T* w, const T* g, T* dx, T* dw, T* db) {
  e.each([&](std::int64_t at, std::int64_t row, std::int64_t column) {
    if (g[at] == T(0)) return;
    if (dx) add_scaled(g[at], w + column * e.d, dx + row, e.d);
    if (dw) add_scaled(g[at], x + row, dw + column * e.d, e.d);
    if (db) db[column] += g[at];
  });
}

// v: n x k, table: m x d, y: n x d.
template <class T>
void combine(const Entries& e, const T* v, const T* table, T* y) {
  e.each([&](std::int64_t at, std::int64_t row, std::int64_t column) {
    if (v[at] != T(0)) add_scaled(v[at], table + column * e.d, y + row, e.d);
  });
}
template <class T>
void combine_backward(const Entries& e, const T* v, const T* table, const T* g, T* dv, T* dt) {
  e.each([&](std::int64_t at, std::int64_t row, std::int64_t column) {
    if (dv) dv[at] += dot(g + row, table + column * e.d, e.d);
    if (dt && v[at] != T(0)) add_scaled(v[at], g + row, dt + column * e.d, e.d);
  });
}

}  // namespace

SparseRows topk_linear(Var a, Var w, Var bias, int k) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape()), wide = rows_of(w.shape());
  if (columns_of(w.shape()) != d) bad_shapes("topk_linear", a.shape(), w.shape());
  if (bias.shape().count() != wide || k < 1 || k > wide)
    bad_shapes("topk_linear", bias.shape(), {k});
  Tape& tape = *a.tape;
  const auto cells = static_cast<std::size_t>(n) * static_cast<std::size_t>(k);
  const std::span<int> columns = tape.scratch<int>(cells);
  const Entries e = {columns, n, k, d};
  const Var inputs[] = {a, w, bias};
  const Var values = tape.custom(
      "topk_linear", inputs, {n, k},
      [&](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto dense =
              tape.scratch<T>(static_cast<std::size_t>(n) * static_cast<std::size_t>(wide));
          repeat_row<T>(in[2]->data<T>(), dense);
          product_bt<T>(in[0]->data<T>(), in[1]->data<T>(), dense, n, d, wide, true);
          select<T>(e, wide, dense, columns, tape.scratch<T>(static_cast<std::size_t>(k)),
                    out.data<T>().data());
        });
      },
      [e](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          topk_backward<T>(e, in[0]->data<T>().data(), in[1]->data<T>().data(),
                           grad.data<T>().data(), pointer<T>(to[0]), pointer<T>(to[1]),
                           pointer<T>(to[2]));
        });
      });
  return {values, columns};
}

Var combine_rows(SparseRows code, Var table) {
  const int n = rows_of(code.values.shape()), k = columns_of(code.values.shape());
  const int d = columns_of(table.shape()), wide = rows_of(table.shape());
  if (static_cast<std::int64_t>(code.columns.size()) != code.values.shape().count())
    bad_shapes("combine_rows", code.values.shape(), {static_cast<int>(code.columns.size())});
  for (const int column : code.columns)
    if (column < 0 || column >= wide) bad_shapes("combine_rows", table.shape(), {column});
  const Entries e = {code.values.tape->keep(code.columns), n, k, d};
  const Var inputs[] = {code.values, table};
  return table.tape->custom(
      "combine_rows", inputs, {n, d},
      [e](Tape::Inputs in, Tensor& out) {
        out.fill(0.0);
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          combine<T>(e, in[0]->data<T>().data(), in[1]->data<T>().data(), out.data<T>().data());
        });
      },
      [e](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          combine_backward<T>(e, in[0]->data<T>().data(), in[1]->data<T>().data(),
                              grad.data<T>().data(), pointer<T>(to[0]), pointer<T>(to[1]));
        });
      });
}

}  // namespace assay::nn
