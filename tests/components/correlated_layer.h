#pragma once

// A layer whose inputs are correlated, and matrices to repair it by the slow way.

#include <vector>

#include "components/pruners/pruner.h"
#include "tests/components/support.h"

namespace assay::testing {

using Matrix = std::vector<std::vector<double>>;

// Gauss and Jordan, with pivots from the diagonal: for positive definite matrices.
inline Matrix inverse(Matrix a) {
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
inline Matrix part(const Matrix& a, const std::vector<std::size_t>& at) {
  Matrix out(at.size(), std::vector<double>(at.size()));
  for (std::size_t i = 0; i < at.size(); ++i)
    for (std::size_t j = 0; j < at.size(); ++j) out[i][j] = a[at[i]][at[j]];
  return out;
}

// A layer with correlated inputs: mixtures of half as many sources.
struct CorrelatedLayer {
  TrainedModel model;
  Examples calibration;
  Matrix hessian;  // damped by 0.01
  Matrix weights;

  CorrelatedLayer(int rows, int columns, int seed)
      : model(testing::model("\"linear\"", columns, rows)) {
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
    hessian = gram();
    double trace = 0.0;
    for (std::size_t i = 0; i < hessian.size(); ++i) trace += hessian[i][i];
    for (std::size_t i = 0; i < hessian.size(); ++i) hessian[i][i] += 0.01 * trace / columns;
  }

  // Sum over examples of x xᵀ.
  Matrix gram() const {
    const int n = calibration.features.shape().back();
    Matrix out(static_cast<std::size_t>(n), std::vector<double>(static_cast<std::size_t>(n)));
    for (int e = 0; e < calibration.count; ++e)
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j)
          out[static_cast<std::size_t>(i)][static_cast<std::size_t>(j)] +=
              calibration.features.at(e, i) * calibration.features.at(e, j);
    return out;
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

// The layer's weights after a pruner has been at it.
inline Matrix pruned(const CorrelatedLayer& c, const std::string& text) {
  TrainedModel out = c.model;
  build<Pruner>(text)->prune(out, c.calibration, Stream(0));
  return CorrelatedLayer::rows_of(out);
}

// The least error of any mask that removes `count` weights of one row, each repaired at best.
inline double least_error(const CorrelatedLayer& c, int count) {
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

}  // namespace assay::testing
