// Births in the United States, day by day from 1969 to 1988: windows of `window` days, and as
// targets the `horizon` days that follow. Train, valid and test are consecutive parts of the twenty
// years, so that no window of one overlaps another; all numbers are shifted and scaled by the mean
// and standard deviation of the days of the training part. Shipped in datasets/, with its licence.
#include <cmath>

#include "components/datasets/tabular.h"

namespace assay::datasets {
namespace {

struct Births final : Dataset {
  static constexpr Info kInfo{"births", 1, "Births per day in the United States, 1969 to 1988.",
                              "US Centers for Disease Control and Prevention"};
  int window = 28;
  int horizon = 1;
  int stride = 1;
  double valid = 0.1;
  double test = 0.2;

  static void params(Params<Births>& p) {
    p.add("window", &Births::window).range(1, 365).unit("days").doc("Seen, oldest first.");
    p.add("horizon", &Births::horizon).range(1, 365).unit("days").doc("To predict, next first.");
    p.add("stride", &Births::stride).range(1, 365).unit("days").doc("From one window to the next.");
    p.add("valid", &Births::valid).range(0, 0.5).doc("Fraction of the days, before the test part.");
    p.add("test", &Births::test).range(0.01, 0.5).doc("Fraction of the days, the last ones.");
  }

  static constexpr int kDays = 7305;
  // Windows need a part of at least their length; the shortest test part has 73 days.
  std::string check() const override {
    if (std::string wrong = check_fractions(valid, test); !wrong.empty()) return wrong;
    const int days = static_cast<int>(std::lround(std::min(test, 1.0 - valid - test) * kDays));
    if (window + horizon <= days) return {};
    return "window = " + std::to_string(window) + " and horizon = " + std::to_string(horizon) +
           " do not fit into a part of " + std::to_string(days) + " days";
  }

  Examples windows(std::span<const double> days) const {
    std::vector<int> starts;
    const auto length = static_cast<std::size_t>(window + horizon);
    for (std::size_t i = 0; i + length <= days.size(); i += static_cast<std::size_t>(stride))
      starts.push_back(static_cast<int>(i));
    Examples out;
    out.count = static_cast<int>(starts.size());
    out.features.resize({out.count, window}, nn::Dtype::kFloat32);
    out.targets.resize({out.count, horizon}, nn::Dtype::kFloat32);
    for (int i = 0; i < out.count; ++i) {
      const double* day = days.data() + starts[static_cast<std::size_t>(i)];
      for (int j = 0; j < window; ++j) out.features.set(std::int64_t{i} * window + j, day[j]);
      for (int j = 0; j < horizon; ++j)
        out.targets.set(std::int64_t{i} * horizon + j, day[window + j]);
    }
    return out;
  }

  // The fifth column, normalised by its first `train` days.
  static std::vector<double> births_by_day(std::size_t train) {
    const auto rows =
        parse_csv(read_dataset_file("births_1969_1988.csv"), 5, "births_1969_1988.csv", 1);
    std::vector<double> out;
    for (std::size_t i = 4; i < rows.size(); i += 5) out.push_back(rows[i]);
    const auto n = static_cast<double>(train);
    double mean = 0.0, square = 0.0;
    for (std::size_t i = 0; i < train; ++i) mean += out[i] / n;
    for (std::size_t i = 0; i < train; ++i) square += (out[i] - mean) * (out[i] - mean) / n;
    for (double& births : out) births = (births - mean) / std::sqrt(square);
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const auto tests = static_cast<std::size_t>(std::lround(test * kDays)),
               valids = static_cast<std::size_t>(std::lround(valid * kDays));
    const std::size_t train = kDays - tests - valids;
    const std::vector<double> births = births_by_day(train);
    const std::span<const double> days(births);
    auto out = std::make_shared<Data>();
    out->name = "births";
    out->format.width = window;
    out->format.targets = horizon;
    out->train = windows(days.first(train));
    out->valid = windows(days.subspan(train, valids));
    out->test = windows(days.subspan(train + valids));
    return out;
  }
};
ASSAY_REGISTER(Dataset, Births);

}  // namespace
}  // namespace assay::datasets
