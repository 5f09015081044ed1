// ALPS against ADMM written out with inverses, against exact least squares on its support, and
// against every mask there is.
#include <cmath>

#include "tests/components/correlated_layer.h"
#include "tests/contracts/pruner_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

using Support = std::vector<std::vector<bool>>;

Support support_of(const Matrix& w) {
  Support out;
  for (const auto& row : w) {
    auto& there = out.emplace_back();
    for (const double each : row) there.push_back(each != 0.0);
  }
  return out;
}

// Zeroes all but the `keep` largest.
Matrix projected(Matrix w, int keep) {
  std::vector<std::tuple<double, std::size_t, std::size_t>> sizes;
  for (std::size_t r = 0; r < w.size(); ++r)
    for (std::size_t j = 0; j < w[r].size(); ++j) sizes.emplace_back(std::abs(w[r][j]), r, j);
  std::sort(sizes.begin(), sizes.end());
  for (std::size_t i = 0; i + static_cast<std::size_t>(keep) < sizes.size(); ++i)
    w[std::get<1>(sizes[i])][std::get<2>(sizes[i])] = 0.0;
  return w;
}

int differing(const Support& a, const Support& b) {
  int out = 0;
  for (std::size_t r = 0; r < a.size(); ++r)
    for (std::size_t j = 0; j < a[r].size(); ++j) out += a[r][j] != b[r][j] ? 1 : 0;
  return out;
}

Matrix multiplied(const Matrix& a, const Matrix& b) {
  Matrix out(a.size(), std::vector<double>(b[0].size()));
  for (std::size_t i = 0; i < a.size(); ++i)
    for (std::size_t k = 0; k < b.size(); ++k)
      for (std::size_t j = 0; j < b[0].size(); ++j) out[i][j] += a[i][k] * b[k][j];
  return out;
}

// The paper's iterations, for layers so small that one change of the support is a tenth of it.
Support by_hand(const CorrelatedLayer& c, int keep, int iterations) {
  const std::size_t n = c.hessian.size();
  Matrix h = c.hessian, w = c.weights;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j)
      h[i][j] /= std::sqrt(c.hessian[i][i]) * std::sqrt(c.hessian[j][j]);
  for (auto& row : w)
    for (std::size_t j = 0; j < n; ++j) row[j] *= std::sqrt(c.hessian[j][j]);
  const Matrix goal = multiplied(w, h);
  Matrix D = projected(w, keep), V(w.size(), std::vector<double>(n));
  Support before = support_of(D);
  double rho = 0.1;
  bool grown = false;
  for (int i = 1; i <= iterations; ++i) {
    Matrix shifted = h, right = goal;
    for (std::size_t j = 0; j < n; ++j) shifted[j][j] += rho;
    for (std::size_t r = 0; r < w.size(); ++r)
      for (std::size_t j = 0; j < n; ++j) right[r][j] += rho * D[r][j] - V[r][j];
    const Matrix B = multiplied(right, inverse(shifted));
    Matrix sum = B;
    for (std::size_t r = 0; r < w.size(); ++r)
      for (std::size_t j = 0; j < n; ++j) sum[r][j] += V[r][j] / rho;
    D = projected(sum, keep);
    for (std::size_t r = 0; r < w.size(); ++r)
      for (std::size_t j = 0; j < n; ++j) V[r][j] += rho * (B[r][j] - D[r][j]);
    if (i % 3 != 0) continue;
    const int changed = differing(support_of(D), before);
    if (changed == 0 && (grown || i > 30)) break;
    before = support_of(D);
    if (changed > 0) grown = true;
    rho *= changed > 0.1 * keep ? 1.3 : changed > 0 ? 1.2 : 0.2;
  }
  return support_of(D);
}

// The best weights of a row on a support, by the normal equations.
std::vector<double> least_squares(const CorrelatedLayer& c, std::size_t r,
                                  const std::vector<bool>& support) {
  std::vector<std::size_t> at;
  for (std::size_t j = 0; j < support.size(); ++j)
    if (support[j]) at.push_back(j);
  const Matrix inner = inverse(part(c.hessian, at)), goal = multiplied({c.weights[r]}, c.hessian);
  std::vector<double> out(support.size());
  for (std::size_t a = 0; a < at.size(); ++a)
    for (std::size_t b = 0; b < at.size(); ++b) out[at[a]] += inner[a][b] * goal[0][at[b]];
  return out;
}

}  // namespace

TEST_CASE("alps chooses as ADMM with inverses does, and solves its support exactly") {
  for (int seed = 0; seed < 10; ++seed)
    for (const int iterations : {0, 3, 6, 300}) {
      CAPTURE(seed);
      CAPTURE(iterations);
      const CorrelatedLayer c(4, 9, 50 + seed);
      const Matrix got = pruned(
          c, "{ use = \"alps\", solve = 100, iterations = " + std::to_string(iterations) + " }");
      const Support support = support_of(got);
      CHECK(differing(support, by_hand(c, 18, iterations)) == 0);
      double worst = 0.0;
      for (std::size_t r = 0; r < got.size(); ++r) {
        const auto best = least_squares(c, r, support[r]);
        for (std::size_t j = 0; j < best.size(); ++j)
          worst = std::max(worst, std::abs(best[j] - got[r][j]));
      }
      CHECK(worst < 1e-5);  // weights of order one, kept as floats
    }
}

TEST_CASE("alps loses no more than magnitude or wanda, and less than sparsegpt on average") {
  double own_sum = 0.0, surgeon_sum = 0.0;
  for (int seed = 0; seed < 20; ++seed)
    for (const char* sparsity : {"0.5", "0.7", "0.9"}) {
      CAPTURE(seed);
      CAPTURE(sparsity);
      const CorrelatedLayer c(6, 16, 300 + seed);
      const auto error = [&](const std::string& use) {
        return c.error(pruned(c, "{ use = " + use + ", sparsity = " + sparsity + " }"));
      };
      const double own = error("\"alps\"");
      CHECK(own <= error("\"magnitude\", scope = \"layer\""));
      CHECK(own <= error("\"wanda\""));
      CHECK(own <= error("\"wanda\", scope = \"layer\""));
      own_sum += own;
      surgeon_sum += error("\"sparsegpt\"");
    }
  CAPTURE(surgeon_sum);
  CHECK(own_sum < 0.8 * surgeon_sum);
}

TEST_CASE("alps is near the best of all masks on rows of eight") {
  double own_sum = 0.0, best_sum = 0.0, surgeon_sum = 0.0;
  int exact = 0;
  for (int seed = 0; seed < 40; ++seed) {
    CAPTURE(seed);
    const CorrelatedLayer c(1, 8, 100 + seed);
    const double own = c.error(pruned(c, "\"alps\"")), least = least_error(c, 4);
    CHECK(own >= least * (1 - 1e-4));
    exact += own <= least * (1 + 1e-3) ? 1 : 0;
    own_sum += own;
    best_sum += least;
    surgeon_sum += c.error(pruned(c, "\"sparsegpt\""));
  }
  CAPTURE(exact);
  CAPTURE(best_sum);
  CHECK(exact >= 20);
  CHECK(own_sum < 1.5 * best_sum);
  CHECK(own_sum < 0.5 * surgeon_sum);
}

TEST_CASE("alps with nothing to choose changes nothing, and takes over a lost twin") {
  const CorrelatedLayer c(3, 7, 9);
  CHECK(pruned(c, "{ use = \"alps\", sparsity = 0.0 }") == c.weights);
  CorrelatedLayer twins(1, 2, 3);
  for (int e = 0; e < 40; ++e)
    twins.calibration.features.set(2 * e + 1, twins.calibration.features.at(e, 0));
  const Matrix out = pruned(twins, "{ use = \"alps\", damping = 1e-6 }");
  CHECK(out[0][0] * out[0][1] == 0.0);
  CHECK(out[0][0] + out[0][1] ==
        doctest::Approx(twins.weights[0][0] + twins.weights[0][1]).epsilon(1e-4));
  CHECK(error_of<Pruner>("{ use = \"alps\", n = 5, m = 4 }") ==
        "it.n: no more than m = 4 can be kept");
}
