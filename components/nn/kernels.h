#pragma once

#include <cstdint>

namespace assay::nn {

// A matrix within a larger array: entry (i, j) at data[i * stride + j], or of the transposed one.
template <class T>
struct View {
  T* data = nullptr;
  std::int64_t stride = 0;
  bool transposed = false;
};
// out (n x d) = factor a (n x k) b (k x d), or added to it. Large products use the cores that the
// thread may use (cores.h).
template <class T>
void product(View<const T> a, View<const T> b, View<T> out, int n, int k, int d, T factor,
             bool add);

}  // namespace assay::nn
