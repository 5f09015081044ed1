#include "components/stages/sae_scaling.h"

#include <cmath>

namespace assay::stages {

using nn::Tensor;

namespace {

Tensor column_means(const Tensor& x) {
  const int d = x.shape().back();
  const auto n = static_cast<double>(x.shape().rows());
  Tensor out({d});
  for (int j = 0; j < d; ++j) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < x.shape().rows(); ++i) sum += x.get(i * d + j);
    out.set(j, sum / n);
  }
  return out;
}

// Distance of row i from `centre` at the columns from `first` on, as many as it has.
double distance(const Tensor& x, std::int64_t i, int first, const std::vector<double>& centre) {
  const std::int64_t at = i * x.shape().back() + first;
  double squares = 0.0;
  for (std::size_t j = 0; j < centre.size(); ++j) {
    const double off = x.get(at + static_cast<std::int64_t>(j)) - centre[j];
    squares += off * off;
  }
  return std::sqrt(squares);
}

// The point of the least mean distance from the rows at those columns (Weiszfeld 1937): the mean
// that weighs each row by 1 over its distance, again and again, from `centre` on.
void to_geometric_median(const Tensor& x, int first, std::vector<double>& centre) {
  constexpr int kMostRounds = 100;
  constexpr double kLeast = 1e-9;  // of a distance: rows may lie at the centre
  for (int round = 0; round < kMostRounds; ++round) {
    std::vector<double> sum(centre.size());
    double weights = 0.0, moved = 0.0, size = 0.0;
    for (std::int64_t i = 0; i < x.shape().rows(); ++i) {
      const double weight = 1.0 / std::max(distance(x, i, first, centre), kLeast);
      weights += weight;
      for (std::size_t j = 0; j < sum.size(); ++j)
        sum[j] += weight * x.get(i * x.shape().back() + first + static_cast<std::int64_t>(j));
    }
    for (std::size_t j = 0; j < sum.size(); ++j) {
      moved += std::pow(sum[j] / weights - centre[j], 2);
      centre[j] = sum[j] / weights;
      size += centre[j] * centre[j];
    }
    if (moved <= 1e-14 * size) return;
  }
}

Tensor geometric_medians(const Tensor& x, const std::vector<int>& widths) {
  Tensor out = column_means(x);
  int first = 0;
  for (const int width : widths) {
    std::vector<double> centre;
    for (int j = 0; j < width; ++j) centre.push_back(out.get(first + j));
    to_geometric_median(x, first, centre);
    for (int j = 0; j < width; ++j) out.set(first + j, centre[static_cast<std::size_t>(j)]);
    first += width;
  }
  return out;
}

Tensor centre_of(const Tensor& x, const std::vector<int>& widths, Normalisation::Centre how) {
  switch (how) {
    case Normalisation::Centre::kMean:
      return column_means(x);
    case Normalisation::Centre::kGeometricMedian:
      return geometric_medians(x, widths);
    case Normalisation::Centre::kNone:
      break;
  }
  return Tensor({x.shape().back()});
}

// Sums over the rows of the squared norm at each site, or of the norm.
std::vector<double> norms(const Tensor& x, const Tensor& centre, const std::vector<int>& widths,
                          bool squared) {
  const int d = x.shape().back();
  std::vector<double> out(widths.size());
  for (std::int64_t i = 0; i < x.shape().rows(); ++i) {
    std::int64_t j = 0;
    for (std::size_t s = 0; s < widths.size(); ++s) {
      double squares = squared ? out[s] : 0.0;
      for (const std::int64_t end = j + widths[s]; j < end; ++j)
        squares += std::pow(x.get(i * d + j) - centre.get(j), 2);
      out[s] = squared ? squares : out[s] + std::sqrt(squares);
    }
  }
  return out;
}

}  // namespace

Scaling scaling_of(const Tensor& x, const std::vector<int>& widths, Normalisation how) {
  const auto n = static_cast<double>(x.shape().rows());
  Scaling out;
  out.mean = centre_of(x, widths, how.centre);
  if (how.scale == Normalisation::Scale::kNone) return out;
  const bool squared = how.scale == Normalisation::Scale::kMeanSquare;
  const std::vector<double> sums = norms(x, out.mean, widths, squared);
  out.scale = Tensor({x.shape().back()}, nn::Dtype::kFloat64);
  std::int64_t column = 0;
  for (std::size_t s = 0; s < widths.size(); ++s) {
    const double by =
        squared ? std::sqrt(n * widths[s] / sums[s]) : n * std::sqrt(widths[s]) / sums[s];
    for (int j = 0; j < widths[s]; ++j) out.scale.set(column++, sums[s] > 0 ? by : 1.0);
  }
  return out;
}

}  // namespace assay::stages
