// Operations that move rows and columns by index.
#include <cmath>

#include "components/nn/cores.h"
#include "components/nn/dispatch.h"

namespace assay::nn {

namespace {

// A copy of entries: out[i] = in[from[i]] where from[i] >= 0, else 0; backwards the reverse, added.
// `from` lives on the tape.
Var take(const char* name, Var a, Shape shape, std::span<const std::int64_t> from) {
  const Var inputs[] = {a};
  return a.tape->custom(
      name, inputs, shape,
      [from](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          const std::int64_t* places = from.data();
          numbers_in_parts(out.count(), [&](int, std::int64_t first, std::int64_t last) {
            for (std::int64_t i = first; i < last; ++i) y[i] = places[i] < 0 ? T(0) : x[places[i]];
          });
        });
      },
      [from](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto g = grad.data<T>();
          T* x = to[0]->data<T>().data();
          for (std::size_t i = 0; i < g.size(); ++i)
            if (from[i] >= 0) x[from[i]] += g[i];
        });
      });
}

void check_index(const char* op, int index, int bound) {
  if (index < 0 || index >= bound)
    throw std::invalid_argument(std::string(op) + ": index " + std::to_string(index) + " of " +
                                std::to_string(bound));
}

}  // namespace

namespace {

// to[i] = from[rows[i]] or to[rows[i]] += from[i], rows of d numbers.
template <class T>
void copy_rows(std::span<const int> rows, int d, const T* from, T* to) {
  for (std::size_t i = 0; i < rows.size(); ++i, to += d)
    std::copy_n(from + std::int64_t{rows[i]} * d, d, to);
}
template <class T>
void add_rows(std::span<const int> rows, int d, const T* from, T* to) {
  for (std::size_t i = 0; i < rows.size(); ++i, from += d) {
    T* row = to + std::int64_t{rows[i]} * d;
    for (int j = 0; j < d; ++j) row[j] += from[j];
  }
}
template <class T>
void add_gathered(std::span<const int> rows, int d, const T* from, T* to) {
  for (std::size_t i = 0; i < rows.size(); ++i, to += d) {
    const T* row = from + std::int64_t{rows[i]} * d;
    for (int j = 0; j < d; ++j) to[j] += row[j];
  }
}

}  // namespace

Var gather_rows(Var table, std::span<const int> rows) {
  const int n = rows_of(table.shape()), d = columns_of(table.shape());
  for (const int row : rows) check_index("gather_rows", row, n);
  const auto kept = table.tape->keep(rows);
  const Var inputs[] = {table};
  return table.tape->custom(
      "gather_rows", inputs, {static_cast<int>(rows.size()), d},
      [kept, d](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* rows = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          rows_in_parts(static_cast<std::int64_t>(kept.size()), d,
                        [&](int, std::int64_t first, std::int64_t last) {
                          copy_rows<T>(kept.subspan(static_cast<std::size_t>(first),
                                                    static_cast<std::size_t>(last - first)),
                                       d, rows, y + first * d);
                        });
        });
      },
      [kept, d](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (to[0]) add_rows<T>(kept, d, grad.data<T>().data(), to[0]->data<T>().data());
        });
      });
}

Var scatter_add_rows(Var a, std::span<const int> rows, int n) {
  const int d = columns_of(a.shape());
  if (rows_of(a.shape()) != static_cast<int>(rows.size()))
    bad_shapes("scatter_add_rows", a, std::to_string(rows.size()) + " rows");
  for (const int row : rows) check_index("scatter_add_rows", row, n);
  const auto kept = a.tape->keep(rows);
  const Var inputs[] = {a};
  return a.tape->custom(
      "scatter_add_rows", inputs, {n, d},
      [kept, d](Tape::Inputs in, Tensor& out) {
        out.fill(0.0);
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          add_rows<T>(kept, d, in[0]->data<T>().data(), out.data<T>().data());
        });
      },
      [kept, d](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          if (to[0]) add_gathered<T>(kept, d, grad.data<T>().data(), to[0]->data<T>().data());
        });
      });
}

Var gather_columns(Var a, std::span<const int> columns, int per_row) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  if (static_cast<int>(columns.size()) != n * per_row)
    bad_shapes("gather_columns", a, std::to_string(columns.size()) + " columns");
  const auto from = a.tape->scratch<std::int64_t>(columns.size());
  rows_in_parts(n, per_row, [&](int, std::int64_t first, std::int64_t last) {
    for (std::int64_t row = first; row < last; ++row)
      for (std::int64_t i = row * per_row; i < (row + 1) * per_row; ++i) {
        const auto at = static_cast<std::size_t>(i);
        check_index("gather_columns", columns[at], d);
        from[at] = row * d + columns[at];
      }
  });
  return take("gather_columns", a, {n, per_row}, from);
}

Var slice_columns(Var a, int first, int count) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  if (first < 0 || count < 0 || first + count > d)
    bad_shapes("slice_columns", a,
               std::to_string(count) + " columns from " + std::to_string(first));
  const Var inputs[] = {a};
  return a.tape->custom(
      "slice_columns", inputs, {n, count},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data() + first;
          T* y = out.data<T>().data();
          rows_in_parts(n, count, [&](int, std::int64_t from, std::int64_t last) {
            for (std::int64_t i = from; i < last; ++i) std::copy_n(x + i * d, count, y + i * count);
          });
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* g = grad.data<T>().data();
          T* x = to[0]->data<T>().data() + first;
          rows_in_parts(n, count, [&](int, std::int64_t from, std::int64_t last) {
            for (std::int64_t i = from; i < last; ++i)
              for (int j = 0; j < count; ++j) x[i * d + j] += g[i * count + j];
          });
        });
      });
}

namespace {

// Columns start … start + w of an n x d matrix, out of it or into it, added.
template <class T>
void read_columns(int n, int d, int start, int w, const T* from, T* part) {
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < w; ++j)
      part[std::int64_t{i} * w + j] += from[std::int64_t{i} * d + start + j];
}
template <class T>
void write_columns(int n, int d, int start, int w, const T* part, T* to) {
  rows_in_parts(n, w, [&](int, std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) std::copy_n(part + i * w, w, to + i * d + start);
  });
}

}  // namespace

Var concat_columns(std::span<const Var> parts) {
  const int n = rows_of(parts[0].shape());
  int d = 0;
  for (const Var part : parts) {
    if (rows_of(part.shape()) != n) bad_shapes("concat_columns", parts[0], part);
    d += columns_of(part.shape());
  }
  return parts[0].tape->custom(
      "concat_columns", parts, {n, d},
      [n, d](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          int start = 0;
          for (const Tensor* part : in) {
            const int w = columns_of(part->shape());
            write_columns<T>(n, d, start, w, part->data<T>().data(), out.data<T>().data());
            start += w;
          }
        });
      },
      [n, d](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          int start = 0;
          for (std::size_t p = 0; p < in.size(); ++p) {
            const int w = columns_of(in[p]->shape());
            if (to[p])
              read_columns<T>(n, d, start, w, grad.data<T>().data(), to[p]->data<T>().data());
            start += w;
          }
        });
      });
}

Var topk_rows(Var a, int k) {
  const int d = columns_of(a.shape());
  if (k < 1 || k > d) bad_shapes("topk_rows", a, "k = " + std::to_string(k));
  const auto from = a.tape->scratch<std::int64_t>(static_cast<std::size_t>(a.shape().count()));
  std::fill(from.begin(), from.end(), -1);
  const std::span<const int> columns = largest_columns(a, k);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::int64_t at = static_cast<std::int64_t>(i) / k * d + columns[i];
    from[static_cast<std::size_t>(at)] = at;
  }
  return take("topk_rows", a, a.shape(), from);
}

}  // namespace assay::nn
