#pragma once

#include <span>

namespace assay::nn {

// The k largest of d numbers, 1 <= k <= d. Ties go to the lower column; NaN comes before all else:
// it must be taken, not hidden.

// Their columns, ascending. `values` and `candidates`: room for d.
template <class T>
void largest_ascending(const T* x, int d, int k, std::span<T> values, std::span<int> candidates,
                       int* columns);
// Their columns, the largest first.
template <class T>
void largest_first(const T* x, int d, int k, std::span<T> values, std::span<int> candidates,
                   int* columns);

}  // namespace assay::nn
