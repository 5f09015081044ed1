#pragma once

#include <span>

namespace assay::nn {

// Matrix products on row-major arrays, one thread; `add` adds to the result instead of setting it.
// out (n x d) = a (n x k) b (k x d), and the same with b or a transposed in storage.
template <class T>
void product(std::span<const T> a, std::span<const T> b, std::span<T> out, int n, int k, int d,
             bool add);
template <class T>  // b is stored d x k
void product_bt(std::span<const T> a, std::span<const T> b, std::span<T> out, int n, int k, int d,
                bool add);
template <class T>  // a is stored k x n
void product_at(std::span<const T> a, std::span<const T> b, std::span<T> out, int n, int k, int d,
                bool add);

}  // namespace assay::nn
