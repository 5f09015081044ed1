// SparseGPT against a slow version that inverts the Hessian of the columns left at each step, and
// against every mask there is.
#include <cmath>

#include "components/pruners/second_order.h"
#include "tests/components/correlated_layer.h"
#include "tests/contracts/pruner_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// Optimal brain surgeon from left to right, with the inverse of what is left computed anew.
Matrix by_hand(const CorrelatedLayer& c, double sparsity, std::size_t block) {
  Matrix w = c.weights;
  const std::size_t rows = w.size(), n = c.hessian.size();
  std::vector<std::vector<bool>> gone(rows, std::vector<bool>(n));
  std::size_t taken = 0;
  const auto left_inverse = [&](std::size_t j) {
    std::vector<std::size_t> left(n - j);
    std::iota(left.begin(), left.end(), j);
    return inverse(part(c.hessian, left));
  };
  for (std::size_t first = 0; first < n; first += block) {
    const std::size_t last = std::min(first + block, n);
    std::vector<std::tuple<double, std::size_t, std::size_t>> costs;
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = first; j < last; ++j)
        costs.emplace_back(w[r][j] * w[r][j] / left_inverse(j)[0][0], r, j);
    std::sort(costs.begin(), costs.end());
    const auto until =
        static_cast<std::size_t>(std::floor(sparsity * static_cast<double>(rows * last) + 0.5));
    for (std::size_t i = 0; taken < until; ++i, ++taken)
      gone[std::get<1>(costs[i])][std::get<2>(costs[i])] = true;
    for (std::size_t j = first; j < last; ++j) {
      const Matrix inv = left_inverse(j);
      for (std::size_t r = 0; r < rows; ++r) {
        if (!gone[r][j]) continue;
        const double scale = w[r][j] / inv[0][0];
        for (std::size_t k = j; k < n; ++k) w[r][k] -= scale * inv[0][k - j];
        w[r][j] = 0.0;
      }
    }
  }
  return w;
}

}  // namespace

TEST_CASE("sparsegpt is the surgeon that inverts anew at each column") {
  for (const int columns : {5, 9, 12})
    for (const int block : {3, 4, 128}) {
      CAPTURE(columns);
      CAPTURE(block);
      const CorrelatedLayer c(4, columns, columns);
      const Matrix fast = pruned(c, "{ use = \"sparsegpt\", sparsity = 0.6, block = " +
                                        std::to_string(block) + " }"),
                   slow = by_hand(c, 0.6, static_cast<std::size_t>(block));
      double worst = 0.0;
      bool same_zeros = true;
      for (std::size_t r = 0; r < slow.size(); ++r)
        for (std::size_t j = 0; j < slow[r].size(); ++j) {
          worst = std::max(worst, std::abs(fast[r][j] - slow[r][j]));
          same_zeros = same_zeros && (fast[r][j] == 0.0) == (slow[r][j] == 0.0);
        }
      CHECK(worst < 1e-5);  // weights of order one, kept as floats
      CHECK(same_zeros);
    }
}

TEST_CASE("sparsegpt is never better than the best mask and better than magnitude") {
  double magnitude = 0.0, wanda = 0.0, surgeon = 0.0, best = 0.0;
  for (int seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const CorrelatedLayer c(1, 8, 100 + seed);
    const double own = c.error(pruned(c, "{ use = \"sparsegpt\", sparsity = 0.5 }")),
                 least = least_error(c, 4);
    CHECK(own >= least * (1 - 1e-4));
    surgeon += own;
    best += least;
    magnitude += c.error(pruned(c, "{ use = \"magnitude\", sparsity = 0.5 }"));
    wanda += c.error(pruned(c, "{ use = \"wanda\", sparsity = 0.5 }"));
  }
  CAPTURE(best);
  CAPTURE(wanda);
  CHECK(surgeon < 0.5 * magnitude);
  CHECK(surgeon < wanda);
}

TEST_CASE("sparsegpt repairs what it can and leaves a layer without inputs to magnitude") {
  // Two equal inputs: what one loses the other takes over, so that the output stays.
  CorrelatedLayer c(1, 2, 3);
  for (int e = 0; e < 40; ++e)
    c.calibration.features.set(2 * e + 1, c.calibration.features.at(e, 0));
  const Matrix out = pruned(c, "{ use = \"sparsegpt\", sparsity = 0.5, damping = 1e-6 }");
  CHECK(out[0][0] + out[0][1] == doctest::Approx(c.weights[0][0] + c.weights[0][1]).epsilon(1e-4));
  c.calibration.features.fill(0.0);
  const Matrix blind = pruned(c, "{ use = \"sparsegpt\", sparsity = 0.5 }");
  const std::size_t larger = std::abs(c.weights[0][0]) < std::abs(c.weights[0][1]) ? 1 : 0;
  CHECK(blind[0][larger] == c.weights[0][larger]);
  CHECK(blind[0][1 - larger] == 0.0);
}

TEST_CASE("the factor of an inverse is upper triangular and squares to it") {
  const CorrelatedLayer c(1, 7, 5);
  Square h(7);
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j)
      h.at(i, j) = c.hessian[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)];
  const Square U = inverse_factor(h);
  const Matrix inv = inverse(c.hessian);
  for (int i = 0; i < 7; ++i)
    for (int j = 0; j < 7; ++j) {
      double sum = 0.0;
      for (int k = 0; k < 7; ++k) sum += U.at(k, i) * U.at(k, j);
      CHECK(sum == doctest::Approx(inv[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)])
                       .epsilon(1e-8));
      if (i > j) CHECK(U.at(i, j) == 0.0);
    }
  CHECK_THROWS_WITH(inverse_factor(Square(3)),
                    "the Hessian of a layer is not positive definite: more damping is needed");
}
