#include "runner/registry/random.h"

#include <cmath>

using assay::Stream;

TEST_CASE("numbers are those of Philox4x32-10") {
  // Known answer of Random123's kat_vectors: counter 0, key 0.
  Stream stream(0);
  CHECK(stream.bits() == 0x6627e8d5U);
  CHECK(stream.bits() == 0xe169c58dU);
  CHECK(stream.bits() == 0xbc57ac4cU);
  CHECK(stream.bits() == 0x9b00dbd8U);
}

TEST_CASE("streams differ by each part of their name, and forks do not advance") {
  Stream a(1, 2, "base", "init");
  const std::uint32_t first = Stream(1, 2, "base", "init").bits();
  (void)a.fork("x");
  CHECK(a.bits() == first);
  CHECK(Stream(2, 2, "base", "init").bits() != first);
  CHECK(Stream(1, 3, "base", "init").bits() != first);
  CHECK(Stream(1, 2, "case", "init").bits() != first);
  CHECK(Stream(1, 2, "base", "order").bits() != first);
}

TEST_CASE("moments of uniform and normal numbers") {
  Stream stream(7);
  double uniform = 0.0, mean = 0.0, square = 0.0;
  const int n = 100000;
  for (int i = 0; i < n; ++i) {
    uniform += stream.uniform() / n;
    const double x = stream.normal();
    mean += x / n;
    square += x * x / n;
  }
  // Five standard errors: 0.289 / sqrt(n), 1 / sqrt(n), sqrt(2 / n).
  CHECK(std::abs(uniform - 0.5) < 5 * 0.289 / std::sqrt(n));
  CHECK(std::abs(mean) < 5 / std::sqrt(n));
  CHECK(std::abs(square - 1.0) < 5 * std::sqrt(2.0 / n));
}

TEST_CASE("below covers its range evenly and a shuffle keeps its items") {
  Stream stream(3);
  std::vector<int> counts(7);
  for (int i = 0; i < 7000; ++i) ++counts[stream.below(7)];
  for (const int count : counts) CHECK(std::abs(count - 1000) < 150);  // five standard errors
  std::vector<int> order = stream.permutation(50);
  std::sort(order.begin(), order.end());
  for (int i = 0; i < 50; ++i) CHECK(order[static_cast<std::size_t>(i)] == i);
}
