#include "components/quantizers/grid.h"

#include <algorithm>
#include <cmath>

#include "components/pruners/mask.h"

namespace assay::quantizers {

std::size_t run_length(Granularity granularity, int group, std::size_t first, std::size_t columns,
                       std::size_t all) {
  if (granularity == Granularity::kTensor) return all;
  if (granularity == Granularity::kRow) return columns;
  return std::min(static_cast<std::size_t>(group), columns - first % columns);
}

double run_count(Granularity granularity, int group, const nn::Shape& shape) {
  if (granularity == Granularity::kTensor) return 1.0;
  const auto rows = static_cast<double>(shape.rows());
  if (granularity == Granularity::kRow) return rows;
  return rows * std::ceil(static_cast<double>(shape.back()) / group);
}

Scale Grid::range(double low, double high) const {
  if (symmetric) return {std::max(-low, high) / ((1 << (bits - 1)) - 1), 0.0};
  const double step = (high - low) / ((1 << bits) - 1);
  // The offset is itself one of the levels, so that 0 is one too. Halves go away from 0: both
  // ends of a range whose 0 lies half way between levels going to even would lose the last level.
  return {step, step > 0 ? std::round(-low / step) : 0.0};
}

Scale Grid::fit(std::span<const double> w) const {
  double low = 0.0, high = 0.0, sum = 0.0;
  for (const double x : w) {
    low = std::min(low, x);
    high = std::max(high, x);
    sum += std::abs(x);
  }
  if (signs_only()) return {w.empty() ? 0.0 : sum / static_cast<double>(w.size()), 0.0};
  Scale best = range(low, high);
  if (clip == Clip::kNone || !(best.step > 0)) return best;
  const auto error = [&](const Scale& scale) {
    double out = 0.0;
    for (const double x : w) out += (round(x, scale) - x) * (round(x, scale) - x);
    return out;
  };
  double least = error(best);
  for (int percent = 99; percent >= 20 && least > 0.0; --percent) {
    const Scale shrunk = range(low * percent / 100.0, high * percent / 100.0);
    const double found = error(shrunk);
    if (found >= least) continue;
    least = found;
    best = shrunk;
  }
  return best;
}

double Grid::round(double w, const Scale& scale) const {
  if (signs_only()) return w < 0 ? -scale.step : scale.step;
  if (!(scale.step > 0)) return 0.0;
  if (symmetric) {
    const double most = (1 << (bits - 1)) - 1;
    return std::clamp(std::nearbyint(w / scale.step), -most, most) * scale.step;
  }
  const double levels = (1 << bits) - 1;
  return (std::clamp(std::round(w / scale.step) + scale.zero, 0.0, levels) - scale.zero) *
         scale.step;
}

double Grid::floor(double w, const Scale& scale) const {
  return scale.step > 0 ? std::floor(w / scale.step) * scale.step : 0.0;
}

double Grid::lowest(const Scale& scale) const {
  return symmetric ? -((1 << (bits - 1)) - 1) * scale.step : -scale.zero * scale.step;
}

double Grid::highest(const Scale& scale) const {
  return symmetric ? -lowest(scale) : ((1 << bits) - 1 - scale.zero) * scale.step;
}

double Grid::stored_bits(const nn::Shape& shape) const {
  const double overhead =
      kScaleBits * (symmetric ? 1.0 : 2.0) * run_count(granularity, group, shape);
  return bits + overhead / static_cast<double>(shape.count());
}

std::vector<Scale> Grid::fit_all(const nn::Parameter& p, std::span<const double> w) const {
  const auto columns = static_cast<std::size_t>(p.value.shape().back());
  std::vector<Scale> out(w.size());
  std::vector<double> kept;
  for (std::size_t first = 0; first < w.size();) {
    const std::size_t size = run_length(granularity, group, first, columns, w.size());
    kept.clear();
    for (std::size_t i = first; i < first + size; ++i)
      if (there(p, static_cast<std::int64_t>(i))) kept.push_back(w[i]);
    const Scale scale = fit(kept);
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(first), size, scale);
    first += size;
  }
  return out;
}

void Grid::round_all(const nn::Parameter& p, std::span<double> w) const {
  const std::vector<Scale> scales = fit_all(p, w);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = round(w[i], scales[i]);
}

std::vector<double> numbers_of(const nn::Parameter& p) {
  const auto w = p.value.floats();
  return {w.begin(), w.end()};
}

void set_numbers(nn::Parameter& p, std::span<const double> w) {
  for (std::size_t i = 0; i < w.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    p.value.set(at, there(p, at) ? w[i] : 0.0);
  }
}

}  // namespace assay::quantizers
