// Selection of the k largest. Long rows are searched in three passes: a bound that at least k
// numbers reach, what reaches it, and the exact k-th of those.
#include "components/nn/select.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>

#include "components/nn/vector_math.h"

namespace assay::nn {

namespace {

template <class T>
bool before(T a, int column_a, T b, int column_b) {
  if (a == b || (a != a && b != b)) return column_a < column_b;
  return a > b || a != a;
}

// Columns c, c + kGroups, c + 2 kGroups, … are a group.
constexpr int kGroups = 64;

template <class T>
void group_maxima(const T* x, int d, T* top) {
  std::copy_n(x, kGroups, top);
  int c = kGroups;
  for (; c + kGroups <= d; c += kGroups)
    for (int g = 0; g < kGroups; ++g) top[g] = top[g] > x[c + g] ? top[g] : x[c + g];
  for (int g = 0; c + g < d; ++g) top[g] = top[g] > x[c + g] ? top[g] : x[c + g];
}

template <class T>
int reaching(const T* top, T bound) {
  int count = 0;
  for (int g = 0; g < kGroups; ++g) count += top[g] >= bound ? 1 : 0;
  return count;
}

// A number that at least k of d reach, and not many more: what k groups' maxima reach, by halving.
template <class T>
T bound_of(const T* x, int d, int k) {
  T top[kGroups];
  group_maxima(x, d, top);
  T low = *std::min_element(top, top + kGroups), high = max_array(top, kGroups);
  for (int halving = 0; halving < 12; ++halving) {
    const T middle = low + (high - low) / 2;
    const int count = reaching(top, middle);
    (count >= k ? low : high) = middle;
    if (count == k) break;
  }
  return low;
}

// The columns whose numbers reach the bound, ascending; how many. A byte says it of each number,
// and eight bytes at a time are looked through: nearly all are zero.
template <class T>
int collect(const T* x, int d, T bound, int* candidates) {
  constexpr int kBlock = 64;
  std::uint8_t reaches[kBlock];
  int found = 0, c = 0;
  for (; c + kBlock <= d; c += kBlock) {
    for (int j = 0; j < kBlock; ++j) reaches[j] = x[c + j] >= bound ? 1 : 0;
    for (int first = 0; first < kBlock; first += 8) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, reaches + first, sizeof eight);
      if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
      for (; eight != 0; eight &= eight - 1)
        candidates[found++] = c + first + std::countr_zero(eight) / 8;
    }
  }
  for (; c < d; ++c)
    if (x[c] >= bound) candidates[found++] = c;
  return found;
}

// Takes away the smallest, of equal ones the last, until k are left.
template <class T>
void drop_smallest(T* values, int* candidates, int found, int k) {
  for (; found > k; --found) {
    int smallest = 0;
    for (int i = 1; i < found; ++i) smallest = values[i] <= values[smallest] ? i : smallest;
    std::copy(values + smallest + 1, values + found, values + smallest);
    std::copy(candidates + smallest + 1, candidates + found, candidates + smallest);
  }
}

// Of `found` candidates, ascending, the k largest.
template <class T>
void narrow(const T* x, int* candidates, int found, int k, T* values, int* columns) {
  for (int i = 0; i < found; ++i) values[i] = x[candidates[i]];
  if (found <= k + 4) {  // as most often where a bound was found
    drop_smallest(values, candidates, found, k);
    std::copy_n(candidates, k, columns);
    return;
  }
  std::nth_element(values, values + k - 1, values + found, std::greater<>());
  const T least = values[k - 1];
  int ties = k;
  for (int i = 0; i < k - 1; ++i) ties -= values[i] > least ? 1 : 0;
  for (int i = 0, kept = 0; kept < k; ++i) {
    const T value = x[candidates[i]];
    if (value < least || (value == least && ties-- <= 0)) continue;
    columns[kept++] = candidates[i];
  }
}

// The largest first, by insertion: short rows, and those with NaN.
template <class T>
void insert_all(const T* x, int d, int k, int* columns) {
  int kept = 0;
  for (int c = 0; c < d; ++c) {
    if (kept == k && !before(x[c], c, x[columns[k - 1]], columns[k - 1])) continue;
    int at = kept < k ? kept++ : k - 1;
    for (; at > 0 && before(x[c], c, x[columns[at - 1]], columns[at - 1]); --at)
      columns[at] = columns[at - 1];
    columns[at] = c;
  }
}

template <class T>
bool has_nan(const T* x, int d) {
  const T sum = sum_array(x, static_cast<std::size_t>(d));
  if (sum == sum) return false;
  return std::any_of(x, x + d, [](T value) { return value != value; });  // or inf - inf
}

}  // namespace

template <class T>
void largest_ascending(const T* x, int d, int k, std::span<T> values, std::span<int> candidates,
                       int* columns) {
  if (has_nan(x, d)) {
    insert_all(x, d, k, columns);
    std::sort(columns, columns + k);
    return;
  }
  int found = d;
  if (k <= kGroups && d >= 4 * kGroups) {
    found = collect(x, d, bound_of(x, d, k), candidates.data());
  } else {
    for (int c = 0; c < d; ++c) candidates[static_cast<std::size_t>(c)] = c;
  }
  narrow(x, candidates.data(), found, k, values.data(), columns);
}

template <class T>
void largest_first(const T* x, int d, int k, std::span<T> values, std::span<int> candidates,
                   int* columns) {
  if (std::int64_t{d} * k <= 4096 || has_nan(x, d)) return insert_all(x, d, k, columns);
  largest_ascending(x, d, k, values, candidates, columns);
  std::sort(columns, columns + k, [x](int a, int b) { return before(x[a], a, x[b], b); });
}

#define ASSAY_SELECT(T)                                                                       \
  template void largest_ascending<T>(const T*, int, int, std::span<T>, std::span<int>, int*); \
  template void largest_first<T>(const T*, int, int, std::span<T>, std::span<int>, int*);
ASSAY_SELECT(float)
ASSAY_SELECT(double)
#undef ASSAY_SELECT

}  // namespace assay::nn
