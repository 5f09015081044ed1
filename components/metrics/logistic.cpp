#include "components/metrics/logistic.h"

#include <algorithm>
#include <cmath>

namespace assay::metrics {
namespace {

using Vector = std::vector<double>;

// The loss in the unknowns u = (w, b), with its slope and curvature.
class Problem {
 public:
  Problem(std::span<const double> x, const std::vector<bool>& positive, double c)
      : x_(x),
        positive_(positive),
        width_(x.size() / positive.size()) {
    const auto members = std::count(positive.begin(), positive.end(), true);
    const auto all = static_cast<double>(positive.size());
    weight_[1] = c * all / (2.0 * static_cast<double>(members));
    weight_[0] = c * all / (2.0 * (all - static_cast<double>(members)));
  }
  std::size_t unknowns() const { return width_ + 1; }

  double value(const Vector& u) const {
    double out = 0.0;
    for (std::size_t j = 0; j < width_; ++j) out += 0.5 * u[j] * u[j];
    for (std::size_t i = 0; i < positive_.size(); ++i) {
      const double margin = positive_[i] ? score(u, i) : -score(u, i);
      // log(1 + exp(-margin)), which must not overflow.
      out += weight(i) * (std::max(-margin, 0.0) + std::log1p(std::exp(-std::abs(margin))));
    }
    return out;
  }

  void derivatives(const Vector& u, Vector& slope, Vector& curvature) const {
    const std::size_t size = unknowns();
    std::fill(slope.begin(), slope.end(), 0.0);
    std::fill(curvature.begin(), curvature.end(), 0.0);
    for (std::size_t j = 0; j < width_; ++j) {
      slope[j] = u[j];
      curvature[j * size + j] = 1.0;
    }
    for (std::size_t i = 0; i < positive_.size(); ++i) {
      const double p = 1.0 / (1.0 + std::exp(-score(u, i)));
      const double error = weight(i) * (p - (positive_[i] ? 1.0 : 0.0));
      const double bend = weight(i) * p * (1.0 - p);
      for (std::size_t j = 0; j < size; ++j) {
        slope[j] += error * entry(i, j);
        for (std::size_t k = 0; k <= j; ++k)
          curvature[j * size + k] += bend * entry(i, j) * entry(i, k);
      }
    }
  }

 private:
  double entry(std::size_t i, std::size_t j) const { return j < width_ ? x_[i * width_ + j] : 1.0; }
  double score(const Vector& u, std::size_t i) const {
    double out = 0.0;
    for (std::size_t j = 0; j < unknowns(); ++j) out += u[j] * entry(i, j);
    return out;
  }
  double weight(std::size_t i) const { return weight_[positive_[i] ? 1 : 0]; }

  std::span<const double> x_;
  const std::vector<bool>& positive_;
  std::size_t width_;
  double weight_[2] = {};
};

// Solves A s = b in place for a positive definite A, of which the lower triangle is read and
// overwritten (Cholesky). Where all is sure, the last diagonal entry may come out as 0; the floor
// keeps the step finite.
void solve(Vector& A, Vector& b) {
  const std::size_t n = b.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = A[i * n + j];
      for (std::size_t k = 0; k < j; ++k) rest -= A[i * n + k] * A[j * n + k];
      A[i * n + j] = i == j ? std::sqrt(std::max(rest, 1e-12)) : rest / A[j * n + j];
    }
    for (std::size_t k = 0; k < i; ++k) b[i] -= A[i * n + k] * b[k];
    b[i] /= A[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t k = i + 1; k < n; ++k) b[i] -= A[k * n + i] * b[k];
    b[i] /= A[i * n + i];
  }
}

}  // namespace

Logistic fit_logistic(std::span<const double> x, const std::vector<bool>& positive, double c) {
  constexpr int kMostSteps = 100, kMostHalvings = 40;
  const Problem problem(x, positive, c);
  const std::size_t size = problem.unknowns();
  Vector u(size), next(size), step(size), curvature(size * size);
  double value = problem.value(u);
  for (int i = 0; i < kMostSteps; ++i) {
    problem.derivatives(u, step, curvature);
    solve(curvature, step);
    double best = value;
    for (int halving = 0; halving < kMostHalvings && best >= value; ++halving) {
      const double share = std::ldexp(1.0, -halving);
      for (std::size_t j = 0; j < size; ++j) next[j] = u[j] - share * step[j];
      best = problem.value(next);
    }
    if (!(best < value)) break;
    std::swap(u, next);
    value = best;
  }
  return {{u.begin(), u.end() - 1}, u.back()};
}

}  // namespace assay::metrics
