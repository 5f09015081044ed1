#pragma once

#include <cstdint>
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

// A matrix within a larger array: entry (i, j) at data[i * stride + j], or of the transposed one.
template <class T>
struct View {
  T* data = nullptr;
  std::int64_t stride = 0;
  bool transposed = false;
};
// out (n x d) = factor a (n x k) b (k x d), or added to it.
template <class T>
void product(View<const T> a, View<const T> b, View<T> out, int n, int k, int d, T factor,
             bool add);

}  // namespace assay::nn
