#include "components/nn/select.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "runner/registry/random.h"

using namespace assay;

namespace {

// The definition: all columns sorted, NaN first, then the larger, then the lower column.
template <class T>
std::vector<int> by_sorting(const std::vector<T>& x, int k) {
  std::vector<int> order(x.size());
  std::iota(order.begin(), order.end(), 0);
  const auto rank = [&](int c) {
    const T value = x[static_cast<std::size_t>(c)];
    return std::isnan(value) ? std::pair(0, T(0)) : std::pair(1, -value);
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return rank(a) < rank(b); });
  order.resize(static_cast<std::size_t>(k));
  return order;
}

template <class T>
void agrees(const std::vector<T>& x, int k) {
  CAPTURE(x.size());
  CAPTURE(k);
  const int d = static_cast<int>(x.size());
  std::vector<T> values(x.size());
  std::vector<int> candidates(x.size()), first(static_cast<std::size_t>(k)), ascending = first;
  nn::largest_first<T>(x.data(), d, k, values, candidates, first.data());
  nn::largest_ascending<T>(x.data(), d, k, values, candidates, ascending.data());
  std::vector<int> expected = by_sorting(x, k);
  CHECK(first == expected);
  std::sort(expected.begin(), expected.end());
  CHECK(ascending == expected);
}

}  // namespace

TEST_CASE("selection agrees with sorting, for short and long rows, with ties and extremes") {
  Stream stream(3);
  constexpr float kInf = std::numeric_limits<float>::infinity();
  for (const int d : {1, 2, 7, 63, 256, 257, 300, 1024, 1100}) {
    for (const int k : {1, 2, 16, 64, 65, d / 2, d}) {
      if (k < 1 || k > d) continue;
      for (int kind = 0; kind < 6; ++kind) {
        std::vector<float> x(static_cast<std::size_t>(d));
        for (float& value : x) {
          value = static_cast<float>(stream.normal());
          if (kind == 1) value = std::round(value);  // many ties
          if (kind == 2) value = 0.0F;               // nothing but ties
          if (kind == 3 && stream.uniform() < 0.1) value = value > 0 ? kInf : -kInf;
          if (kind == 4 && stream.uniform() < 0.05) value = std::nanf("");
          if (kind == 5) value = std::max(value, 0.0F);  // half ties at the bottom
        }
        agrees(x, k);
        agrees(std::vector<double>(x.begin(), x.end()), k);
      }
    }
  }
}

TEST_CASE("rows that rise or fall, where groups hold all or nothing of the largest") {
  std::vector<float> x(1024);
  std::iota(x.begin(), x.end(), 0.0F);
  agrees(x, 16);
  std::reverse(x.begin(), x.end());
  agrees(x, 16);
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = i % 64 == 5 ? 1.0F + static_cast<float>(i) : 0.0F;
  agrees(x, 16);
  agrees(x, 17);
}
