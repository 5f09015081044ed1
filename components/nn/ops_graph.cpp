// Products with the sparse matrix of a graph, edge by edge.
#include "components/nn/dispatch.h"
#include "components/nn/graph.h"

namespace assay::nn {

namespace {

void check_edges(Var x, Var weights, Edges edges) {
  const std::size_t count = edges.from.size();
  if (weights.shape().count() != static_cast<std::int64_t>(count) || edges.to.size() != count)
    bad_shapes("propagate", weights,
               std::to_string(count) + " edges to " + std::to_string(edges.to.size()) + " rows");
  const int n = rows_of(x.shape());
  for (std::size_t e = 0; e < count; ++e)
    for (const int row : {edges.from[e], edges.to[e]})
      if (row < 0 || row >= n)
        throw std::invalid_argument("propagate: edge " + std::to_string(e) + " touches row " +
                                    std::to_string(row) + " of " + std::to_string(n));
}

// y[to] += w x[from], rows of d numbers.
template <class T>
void add_along(std::span<const int> from, std::span<const int> to, int d, const T* w, const T* x,
               T* y) {
  for (std::size_t e = 0; e < from.size(); ++e) {
    const T* source = x + std::int64_t{from[e]} * d;
    T* target = y + std::int64_t{to[e]} * d;
    for (int j = 0; j < d; ++j) target[j] += w[e] * source[j];
  }
}

// dw[e] += x[from] · g[to].
template <class T>
void add_products(Edges edges, int d, const T* x, const T* g, T* dw) {
  for (std::size_t e = 0; e < edges.from.size(); ++e) {
    const T *source = x + std::int64_t{edges.from[e]} * d,
            *slope = g + std::int64_t{edges.to[e]} * d;
    T total = 0;
    for (int j = 0; j < d; ++j) total += source[j] * slope[j];
    dw[e] += total;
  }
}

}  // namespace

Var propagate(Var x, Var weights, Edges edges) {
  check_edges(x, weights, edges);
  const int n = rows_of(x.shape()), d = columns_of(x.shape());
  const Var inputs[] = {x, weights};
  return x.tape->custom(
      "propagate", inputs, {n, d},
      [edges, d](Tape::Inputs in, Tensor& out) {
        out.fill(0.0);
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          add_along<T>(edges.from, edges.to, d, in[1]->data<T>().data(), in[0]->data<T>().data(),
                       out.data<T>().data());
        });
      },
      [edges, d](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const T* g = grad.data<T>().data();
          if (to[0])
            add_along<T>(edges.to, edges.from, d, in[1]->data<T>().data(), g,
                         to[0]->data<T>().data());
          if (to[1]) add_products<T>(edges, d, in[0]->data<T>().data(), g, to[1]->data<T>().data());
        });
      });
}

}  // namespace assay::nn
