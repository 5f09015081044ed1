// Operations that move rows and columns by index.
#include <cmath>
#include <numeric>

#include "components/nn/dispatch.h"

namespace assay::nn {

namespace {

// A copy of entries: out[i] = in[from[i]] where from[i] >= 0, else 0; backwards the reverse, added.
Var take(const char* name, Var a, Shape shape, std::vector<std::int64_t> from) {
  const Var inputs[] = {a};
  auto index = std::make_shared<const std::vector<std::int64_t>>(std::move(from));
  return a.tape->custom(
      name, inputs, shape,
      [index](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          const auto y = out.data<T>();
          for (std::size_t i = 0; i < y.size(); ++i) y[i] = (*index)[i] < 0 ? T(0) : x[(*index)[i]];
        });
      },
      [index](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto g = grad.data<T>();
          T* x = to[0]->data<T>().data();
          for (std::size_t i = 0; i < g.size(); ++i)
            if ((*index)[i] >= 0) x[(*index)[i]] += g[i];
        });
      });
}

void check_index(const char* op, int index, int bound) {
  if (index < 0 || index >= bound)
    throw std::invalid_argument(std::string(op) + ": index " + std::to_string(index) + " of " +
                                std::to_string(bound));
}

}  // namespace

Var gather_rows(Var table, std::span<const int> rows) {
  const int n = rows_of(table.shape()), d = columns_of(table.shape());
  std::vector<std::int64_t> from;
  from.reserve(rows.size() * static_cast<std::size_t>(d));
  for (const int row : rows) {
    check_index("gather_rows", row, n);
    for (int j = 0; j < d; ++j) from.push_back(std::int64_t{row} * d + j);
  }
  return take("gather_rows", table, {static_cast<int>(rows.size()), d}, std::move(from));
}

Var scatter_add_rows(Var a, std::span<const int> rows, int n) {
  const int d = columns_of(a.shape());
  if (rows_of(a.shape()) != static_cast<int>(rows.size()))
    bad_shapes("scatter_add_rows", a.shape(), {static_cast<int>(rows.size())});
  for (const int row : rows) check_index("scatter_add_rows", row, n);
  auto to_rows = std::make_shared<const std::vector<int>>(rows.begin(), rows.end());
  const Var inputs[] = {a};
  return a.tape->custom(
      "scatter_add_rows", inputs, {n, d},
      [to_rows, d](Tape::Inputs in, Tensor& out) {
        out.fill(0.0);
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* x = in[0]->data<T>().data();
          T* y = out.data<T>().data();
          for (std::size_t i = 0; i < to_rows->size(); ++i)
            for (int j = 0; j < d; ++j)
              y[std::int64_t{(*to_rows)[i]} * d + j] += x[static_cast<std::int64_t>(i) * d + j];
        });
      },
      [to_rows, d](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        if (!to[0]) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* g = grad.data<T>().data();
          T* x = to[0]->data<T>().data();
          for (std::size_t i = 0; i < to_rows->size(); ++i)
            for (int j = 0; j < d; ++j)
              x[static_cast<std::int64_t>(i) * d + j] += g[std::int64_t{(*to_rows)[i]} * d + j];
        });
      });
}

Var gather_columns(Var a, std::span<const int> columns, int per_row) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  if (static_cast<int>(columns.size()) != n * per_row)
    bad_shapes("gather_columns", a.shape(), {static_cast<int>(columns.size())});
  std::vector<std::int64_t> from;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < per_row; ++j) {
      const int column = columns[static_cast<std::size_t>(i * per_row + j)];
      check_index("gather_columns", column, d);
      from.push_back(std::int64_t{i} * d + column);
    }
  }
  return take("gather_columns", a, {n, per_row}, std::move(from));
}

Var slice_columns(Var a, int first, int count) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  if (first < 0 || count < 0 || first + count > d)
    bad_shapes("slice_columns", a.shape(), {first, count});
  std::vector<std::int64_t> from;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < count; ++j) from.push_back(std::int64_t{i} * d + first + j);
  return take("slice_columns", a, {n, count}, std::move(from));
}

Var concat_columns(std::span<const Var> parts) {
  const int n = rows_of(parts[0].shape());
  int d = 0;
  std::vector<int> starts;
  for (const Var part : parts) {
    if (rows_of(part.shape()) != n) bad_shapes("concat_columns", parts[0].shape(), part.shape());
    starts.push_back(d);
    d += columns_of(part.shape());
  }
  return parts[0].tape->custom(
      "concat_columns", parts, {n, d},
      [starts, n, d](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (std::size_t p = 0; p < in.size(); ++p) {
            const int w = columns_of(in[p]->shape());
            for (int i = 0; i < n; ++i)
              std::copy_n(in[p]->data<T>().data() + std::int64_t{i} * w, w,
                          out.data<T>().data() + std::int64_t{i} * d + starts[p]);
          }
        });
      },
      [starts, n, d](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          for (std::size_t p = 0; p < in.size(); ++p) {
            const int w = columns_of(in[p]->shape());
            for (int i = 0; to[p] && i < n; ++i)
              for (int j = 0; j < w; ++j)
                to[p]->data<T>().data()[std::int64_t{i} * w + j] +=
                    grad.data<T>().data()[std::int64_t{i} * d + starts[p] + j];
          }
        });
      });
}

Var topk_rows(Var a, int k) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  if (k < 1 || k > d) bad_shapes("topk_rows", a.shape(), {k});
  std::vector<std::int64_t> from(static_cast<std::size_t>(n) * static_cast<std::size_t>(d), -1);
  const Tensor& x = a.tape->value(a);
  std::vector<int> order(static_cast<std::size_t>(d));
  for (int i = 0; i < n; ++i) {
    const std::int64_t row = std::int64_t{i} * d;
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int p, int q) {
      const double left = x.get(row + p), right = x.get(row + q);
      return left != right ? left > right : p < q;
    });
    for (int j = 0; j < k; ++j)
      from[static_cast<std::size_t>(row + order[static_cast<std::size_t>(j)])] =
          row + order[static_cast<std::size_t>(j)];
  }
  return take("topk_rows", a, a.shape(), std::move(from));
}

Var cross_entropy(Var logits, std::span<const int> labels) {
  const int n = rows_of(logits.shape()), d = columns_of(logits.shape());
  if (static_cast<int>(labels.size()) != n)
    bad_shapes("cross_entropy", logits.shape(), {static_cast<int>(labels.size())});
  const Var log_p = log_softmax(logits);
  std::vector<std::int64_t> from;
  for (int i = 0; i < n; ++i) {
    const int label = labels[static_cast<std::size_t>(i)];
    if (label < 0) continue;
    check_index("cross_entropy", label, d);
    from.push_back(std::int64_t{i} * d + label);
  }
  if (from.empty()) return scale(sum(log_p), 0.0);
  const int counted = static_cast<int>(from.size());
  return scale(sum(take("cross_entropy", log_p, {counted}, std::move(from))), -1.0 / counted);
}

}  // namespace assay::nn
