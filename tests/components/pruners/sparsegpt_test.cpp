// SparseGPT against a slow version that inverts the Hessian of the columns left at each step, and
// against every mask there is.
#include <cmath>

#include "components/pruners/second_order.h"
#include "tests/contracts/pruner_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

using Matrix = std::vector<std::vector<double>>;

// Gauss and Jordan, with pivots from the diagonal: for positive definite matrices.
Matrix inverse(Matrix a) {
  const std::size_t n = a.size();
  Matrix out(n, std::vector<double>(n));
  for (std::size_t i = 0; i < n; ++i) out[i][i] = 1.0;
  for (std::size_t p = 0; p < n; ++p) {
    const double pivot = a[p][p];
    for (std::size_t j = 0; j < n; ++j) a[p][j] /= pivot, out[p][j] /= pivot;
    for (std::size_t i = 0; i < n; ++i) {
      if (i == p) continue;
      const double factor = a[i][p];
      for (std::size_t j = 0; j < n; ++j)
        a[i][j] -= factor * a[p][j], out[i][j] -= factor * out[p][j];
    }
  }
  return out;
}

// The rows and columns of these indices.
Matrix part(const Matrix& a, const std::vector<std::size_t>& at) {
  Matrix out(at.size(), std::vector<double>(at.size()));
  for (std::size_t i = 0; i < at.size(); ++i)
    for (std::size_t j = 0; j < at.size(); ++j) out[i][j] = a[at[i]][at[j]];
  return out;
}

struct Case {
  TrainedModel model;
  Examples calibration;
  Matrix hessian;  // damped by 0.01
  Matrix weights;

  // Inputs are mixtures of half as many sources, so that they are correlated.
  Case(int rows, int columns, int seed) : model(testing::model("\"linear\"", columns, rows)) {
    Stream random(static_cast<std::uint64_t>(seed));
    calibration.count = 40;
    const int sources = columns / 2 + 1;
    const nn::Tensor mixing = nn::Tensor::normal({sources, columns}, 1.0, random.fork("mixing")),
                     source = nn::Tensor::normal({40, sources}, 1.0, random.fork("source")),
                     own = nn::Tensor::normal({40, columns}, 0.3, random.fork("own"));
    calibration.features = own;
    for (int e = 0; e < 40; ++e)
      for (int c = 0; c < columns; ++c) {
        double x = own.at(e, c);
        for (int s = 0; s < sources; ++s) x += source.at(e, s) * mixing.at(s, c);
        calibration.features.set(std::int64_t{e} * columns + c, x);
      }
    nn::Parameter& w = model.parameters.get("output.weight");
    w.value = nn::Tensor::normal({rows, columns}, 1.0, random.fork("weights"));
    weights = rows_of(model);
    const auto n = static_cast<std::size_t>(columns);
    hessian.assign(n, std::vector<double>(n));
    double trace = 0.0;
    for (int e = 0; e < 40; ++e)
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
          hessian[i][j] += calibration.features.at(e, static_cast<int>(i)) *
                           calibration.features.at(e, static_cast<int>(j));
    for (std::size_t i = 0; i < n; ++i) trace += hessian[i][i];
    for (std::size_t i = 0; i < n; ++i) hessian[i][i] += 0.01 * trace / columns;
  }

  static Matrix rows_of(const TrainedModel& m) {
    const nn::Tensor& w = m.parameters.get("output.weight").value;
    Matrix out;
    for (int r = 0; r < w.shape()[0]; ++r) {
      auto& row = out.emplace_back();
      for (int c = 0; c < w.shape()[1]; ++c) row.push_back(w.at(r, c));
    }
    return out;
  }
  Matrix pruned(const std::string& text) const {
    TrainedModel out = model;
    build<Pruner>(text)->prune(out, calibration, Stream(0));
    return rows_of(out);
  }
  // Of the output, damping included: sum over rows of d H dᵀ.
  double error(const Matrix& other) const {
    double out = 0.0;
    for (std::size_t r = 0; r < weights.size(); ++r)
      for (std::size_t i = 0; i < hessian.size(); ++i)
        for (std::size_t j = 0; j < hessian.size(); ++j)
          out += (other[r][i] - weights[r][i]) * hessian[i][j] * (other[r][j] - weights[r][j]);
    return out;
  }
};

// Optimal brain surgeon from left to right, with the inverse of what is left computed anew.
Matrix by_hand(const Case& c, double sparsity, std::size_t block) {
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

// The least error of any mask that removes `count` weights of one row, each repaired at best.
double least_error(const Case& c, int count) {
  const std::size_t n = c.hessian.size();
  const Matrix inv = inverse(c.hessian);
  double best = 1e300;
  for (unsigned mask = 0; mask < (1U << n); ++mask) {
    std::vector<std::size_t> out;
    for (std::size_t j = 0; j < n; ++j)
      if ((mask >> j) & 1U) out.push_back(j);
    if (static_cast<int>(out.size()) != count) continue;
    const Matrix inner = inverse(part(inv, out));
    double cost = 0.0;
    for (std::size_t i = 0; i < out.size(); ++i)
      for (std::size_t j = 0; j < out.size(); ++j)
        cost += c.weights[0][out[i]] * inner[i][j] * c.weights[0][out[j]];
    best = std::min(best, cost);
  }
  return best;
}

}  // namespace

TEST_CASE("sparsegpt is the surgeon that inverts anew at each column") {
  for (const int columns : {5, 9, 12})
    for (const int block : {3, 4, 128}) {
      CAPTURE(columns);
      CAPTURE(block);
      const Case c(4, columns, columns);
      const Matrix fast = c.pruned("{ use = \"sparsegpt\", sparsity = 0.6, block = " +
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
    const Case c(1, 8, 100 + seed);
    const double own = c.error(c.pruned("{ use = \"sparsegpt\", sparsity = 0.5 }")),
                 least = least_error(c, 4);
    CHECK(own >= least * (1 - 1e-4));
    surgeon += own;
    best += least;
    magnitude += c.error(c.pruned("{ use = \"magnitude\", sparsity = 0.5 }"));
    wanda += c.error(c.pruned("{ use = \"wanda\", sparsity = 0.5 }"));
  }
  CAPTURE(best);
  CAPTURE(wanda);
  CHECK(surgeon < 0.5 * magnitude);
  CHECK(surgeon < wanda);
}

TEST_CASE("sparsegpt repairs what it can and leaves a layer without inputs to magnitude") {
  // Two equal inputs: what one loses the other takes over, so that the output stays.
  Case c(1, 2, 3);
  for (int e = 0; e < 40; ++e)
    c.calibration.features.set(2 * e + 1, c.calibration.features.at(e, 0));
  const Matrix out = c.pruned("{ use = \"sparsegpt\", sparsity = 0.5, damping = 1e-6 }");
  CHECK(out[0][0] + out[0][1] == doctest::Approx(c.weights[0][0] + c.weights[0][1]).epsilon(1e-4));
  c.calibration.features.fill(0.0);
  const Matrix blind = c.pruned("{ use = \"sparsegpt\", sparsity = 0.5 }");
  const std::size_t larger = std::abs(c.weights[0][0]) < std::abs(c.weights[0][1]) ? 1 : 0;
  CHECK(blind[0][larger] == c.weights[0][larger]);
  CHECK(blind[0][1 - larger] == 0.0);
}

TEST_CASE("the factor of an inverse is upper triangular and squares to it") {
  const Case c(1, 7, 5);
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
