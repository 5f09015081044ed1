#pragma once

#include "components/nn/dispatch.h"
#include "components/nn/kernels.h"

namespace assay::nn {

// Adds the gradients of y (n x d) = a (n x k) b to those of inputs 0 and 1; b as it is stored:
// k x d, or d x k where transposed.
template <class T>
void product_backward(const T* a, const T* b, bool transposed, const T* g, int n, int k, int d,
                      Tape::Gradients to) {
  if (const auto claim = to.claim(0); claim.tensor)
    product<T>({g, d}, {b, transposed ? k : d, !transposed}, {claim.tensor->data<T>().data(), k}, n,
               d, k, T(1), claim.add);
  if (const auto claim = to.claim(1); claim.tensor && transposed)
    product<T>({g, d, true}, {a, k}, {claim.tensor->data<T>().data(), k}, d, n, k, T(1), claim.add);
  else if (claim.tensor)
    product<T>({a, k, true}, {g, d}, {claim.tensor->data<T>().data(), d}, k, n, d, T(1), claim.add);
}

}  // namespace assay::nn
