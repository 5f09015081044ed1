// Sparse codes: rows that hold k of d numbers. What is not kept is never multiplied, forwards or
// backwards.
#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"
#include "components/nn/select.h"
#include "components/nn/vector_math.h"

namespace assay::nn {

namespace {

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
void repeat_row(std::span<const T> row, std::span<T> to) {
  for (std::size_t at = 0; at < to.size(); at += row.size())
    std::copy(row.begin(), row.end(), to.begin() + static_cast<std::ptrdiff_t>(at));
}

// What topk_forward works in.
template <class T>
struct TopkRoom {
  std::span<T> dense;         // rows at once x wide
  std::span<T> values;        // wide
  std::span<int> candidates;  // wide
};

// Rows first … first + n - 1 of the result, from their products.
template <class T>
void select(const Entries& e, int wide, int first, int n, const TopkRoom<T>& room,
            std::span<int> columns, T* values) {
  const T* dense = room.dense.data();
  for (int i = first; i < first + n; ++i, dense += wide) {
    int* chosen = columns.data() + std::int64_t{i} * e.k;
    largest_ascending(dense, wide, e.k, room.values, room.candidates, chosen);
    for (int j = 0; j < e.k; ++j) values[std::int64_t{i} * e.k + j] = dense[chosen[j]];
  }
}

constexpr int kRowsAtOnce =
    128;  // so that their products stay in the cache until they are searched

template <class T>
void topk_forward(const Entries& e, int wide, const T* x, const T* w, std::span<const T> bias,
                  const TopkRoom<T>& room, std::span<int> columns, T* values) {
  for (int first = 0; first < e.n; first += kRowsAtOnce) {
    const int n = std::min(kRowsAtOnce, e.n - first);
    const auto part = room.dense.first(static_cast<std::size_t>(n) * bias.size());
    repeat_row<T>(bias, part);
    product<T>({x + std::int64_t{first} * e.d, e.d}, {w, e.d, true}, {part.data(), wide}, n, e.d,
               wide, T(1), true);
    select<T>(e, wide, first, n, room, columns, values);
  }
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
    if (dv) dv[at] += dot_array(g + row, table + column * e.d, static_cast<std::size_t>(e.d));
    if (dt && v[at] != T(0)) add_scaled(v[at], g + row, dt + column * e.d, e.d);
  });
}

}  // namespace

std::span<const int> largest_columns(Var a, int k) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape());
  if (k < 1 || k > d) bad_shapes("largest_columns", a, "k = " + std::to_string(k));
  const auto per_row = static_cast<std::size_t>(k);
  const std::span<int> columns = a.tape->scratch<int>(static_cast<std::size_t>(n) * per_row);
  const Tensor& x = a.tape->value(a);
  const Tape::Numbers values = a.tape->numbers(d);
  const std::span<int> candidates = a.tape->scratch<int>(static_cast<std::size_t>(d));
  dispatch(x.dtype(), [&](auto t) {
    using T = decltype(t);
    for (int i = 0; i < n; ++i)
      largest_first(x.data<T>().data() + std::int64_t{i} * d, d, k, values.as<T>(), candidates,
                    columns.data() + std::int64_t{i} * k);
  });
  return columns;
}

SparseRows topk_linear(Var a, Var w, Var bias, int k) {
  const int n = rows_of(a.shape()), d = columns_of(a.shape()), wide = rows_of(w.shape());
  if (columns_of(w.shape()) != d) bad_shapes("topk_linear", a, w);
  if (bias.shape().count() != wide || k < 1 || k > wide)
    bad_shapes("topk_linear", bias, "k = " + std::to_string(k));
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
          topk_forward<T>(
              e, wide, in[0]->data<T>().data(), in[1]->data<T>().data(), in[2]->data<T>(),
              {tape.numbers(std::int64_t{std::min(n, kRowsAtOnce)} * wide).as<T>(),
               tape.numbers(wide).as<T>(), tape.scratch<int>(static_cast<std::size_t>(wide))},
              columns, out.data<T>().data());
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
    bad_shapes("combine_rows", code.values, std::to_string(code.columns.size()) + " columns");
  for (const int column : code.columns)
    if (column < 0 || column >= wide)
      bad_shapes("combine_rows", table, "row " + std::to_string(column));
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

namespace {

// What one expert adds. rows(p) = places[p] / k.
struct Routed {
  std::span<const int> places;
  int k, d;
};

template <class T>
void add_routed(const Routed& r, const T* weights, const T* part, T* out) {
  for (std::size_t p = 0; p < r.places.size(); ++p, part += r.d)
    add_scaled(weights[r.places[p]], part, out + std::int64_t{r.places[p] / r.k} * r.d, r.d);
}

template <class T>
void routed_backward(const Routed& r, const T* weights, const T* part, const T* g, T* dweights,
                     T* dpart, bool add) {
  for (std::size_t p = 0; p < r.places.size(); ++p, part += r.d) {
    const T* row = g + std::int64_t{r.places[p] / r.k} * r.d;
    const T weight = weights[r.places[p]];
    if (dweights) dweights[r.places[p]] += dot_array(row, part, static_cast<std::size_t>(r.d));
    if (!dpart) continue;
    for (int j = 0; j < r.d; ++j) dpart[j] = (add ? dpart[j] : T(0)) + weight * row[j];
    dpart += r.d;
  }
}

void check_routed(Var base, Var weights, std::span<const Var> parts,
                  std::span<const std::span<const int>> places) {
  const int n = rows_of(base.shape());
  if (rows_of(weights.shape()) != n) bad_shapes("combine_routed", base, weights);
  if (parts.size() != places.size())
    bad_shapes("combine_routed", base, std::to_string(parts.size()) + " parts");
  for (std::size_t e = 0; e < parts.size(); ++e) {
    if (columns_of(parts[e].shape()) != columns_of(base.shape()) ||
        rows_of(parts[e].shape()) != static_cast<int>(places[e].size()))
      bad_shapes("combine_routed", base, parts[e]);
    for (const int place : places[e])
      if (place < 0 || place >= weights.shape().count())
        bad_shapes("combine_routed", weights, "place " + std::to_string(place));
  }
}

}  // namespace

Var combine_routed(Var base, Var weights, std::span<const Var> parts,
                   std::span<const std::span<const int>> places) {
  check_routed(base, weights, parts, places);
  Tape& tape = *base.tape;
  const auto inputs = tape.scratch<Var>(parts.size() + 2);
  const auto routed = tape.scratch<Routed>(parts.size());
  inputs[0] = base;
  inputs[1] = weights;
  for (std::size_t e = 0; e < parts.size(); ++e) {
    inputs[e + 2] = parts[e];
    routed[e] = {tape.keep(places[e]), columns_of(weights.shape()), columns_of(base.shape())};
  }
  const std::span<const Routed> kept = routed;
  return tape.custom(
      "combine_routed", inputs, base.shape(),
      [kept](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          std::copy(in[0]->data<T>().begin(), in[0]->data<T>().end(), out.data<T>().begin());
          for (std::size_t e = 0; e < kept.size(); ++e)
            add_routed<T>(kept[e], in[1]->data<T>().data(), in[e + 2]->data<T>().data(),
                          out.data<T>().data());
        });
      },
      [kept](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto g = grad.data<T>();
          if (Tensor* dbase = to[0])
            for (std::size_t i = 0; i < g.size(); ++i) dbase->data<T>()[i] += g[i];
          T* dweights = pointer<T>(to[1]);
          for (std::size_t e = 0; e < kept.size(); ++e) {
            const auto claim = to.claim(e + 2);
            routed_backward<T>(kept[e], in[1]->data<T>().data(), in[e + 2]->data<T>().data(),
                               g.data(), dweights, pointer<T>(claim.tensor), claim.add);
          }
        });
      });
}

}  // namespace assay::nn
