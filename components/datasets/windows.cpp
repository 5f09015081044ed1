#include "components/datasets/windows.h"

#include <cmath>

namespace assay::datasets {

namespace {

struct Moments {
  nn::Tensor mean, deviation;
};

// Over the first `steps` steps, by columns or over all of them.
Moments moments_of(const Trajectory& run, int steps, bool pooled) {
  Moments out = {nn::Tensor({run.width}), nn::Tensor({run.width})};
  const int groups = pooled ? 1 : run.width, each = run.width / groups;
  for (int g = 0; g < groups; ++g) {
    const double count = static_cast<double>(steps) * each;
    const auto over = [&](const auto& use) {
      double sum = 0.0;
      for (int t = 0; t < steps; ++t)
        for (int j = g * each; j < (g + 1) * each; ++j) sum += use(run.at(t, j));
      return sum / count;
    };
    const double mean = over([](double x) { return x; });
    const double variance = over([&](double x) { return (x - mean) * (x - mean); });
    for (int j = g * each; j < (g + 1) * each; ++j) {
      out.mean.set(j, mean);
      out.deviation.set(j, std::sqrt(variance));
    }
  }
  return out;
}

Examples cut_out(const Trajectory& run, const Windows& cut, int first, int count) {
  Examples out;
  out.count = count;
  const int w = run.width, row = cut.window * w;
  out.features = nn::Tensor({count, row});
  out.targets = nn::Tensor({count, w});
  for (int i = 0; i < count; ++i) {
    for (int j = 0; j < row; ++j)
      out.features.set(std::int64_t{i} * row + j, run.at(first + i + j / w, j % w));
    for (int j = 0; j < w; ++j)
      out.targets.set(std::int64_t{i} * w + j, run.at(first + i + cut.window - 1 + cut.ahead, j));
  }
  return out;
}

}  // namespace

std::shared_ptr<Data> make_windows(const std::string& name, Trajectory run, const Windows& cut) {
  const int tenth = cut.examples / 10, training = cut.examples - 2 * tenth,
            extra = cut.window + cut.ahead - 1;
  const Moments moments = moments_of(run, training + extra, cut.pooled);
  for (std::size_t i = 0; i < run.values.size(); ++i) {
    const auto column = static_cast<std::int64_t>(i) % run.width;
    run.values[i] = (run.values[i] - moments.mean.get(column)) / moments.deviation.get(column);
  }
  auto out = std::make_shared<Data>();
  out->name = name;
  out->format = {false, cut.window * run.width, 0, 1, 0, run.width};
  out->train = cut_out(run, cut, 0, training);
  out->valid = cut_out(run, cut, training + extra, tenth);
  out->test = cut_out(run, cut, training + extra + tenth + extra, tenth);
  out->truth["mean"] = moments.mean;
  out->truth["deviation"] = moments.deviation;
  return out;
}

}  // namespace assay::datasets
