// How well an input gate tells the features that matter from noise, where the data say which those
// are (truth "informative", 1 or 0 for each feature): the probability that the gate of a feature
// that matters is further open than that of one that does not, ties counting one half (the area
// under the ROC curve), and the shares of both that are open. By the mean over examples where gates
// depend on the input.
#include <algorithm>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct GateRecovery final : Metric {
  static constexpr Info kInfo{"gate-recovery", 1,
                              "Whether an input gate finds the informative features.",
                              "Hanley and McNeil 1982 (area under the curve)"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }

  // The mean value of each input gate; 1 in a model without them.
  static std::vector<double> openness(Evaluation& e, std::size_t features) {
    std::vector<double> out(features);
    double rows = 0.0;
    for (const auto& statistic : e.statistics()) {
      if (statistic.name != "input_gate.open") continue;
      for (std::int64_t i = 0; i < statistic.value.count(); ++i)
        out.at(static_cast<std::size_t>(i) % features) += statistic.value.get(i);
      rows += static_cast<double>(statistic.value.count()) / static_cast<double>(features);
    }
    for (double& value : out) value = rows > 0 ? value / rows : 1.0;
    return out;
  }

  void measure(Evaluation& e, const Sink& sink) const override {
    const auto truth = e.data->truth.find("informative");
    if (truth == e.data->truth.end())
      throw std::runtime_error("gate-recovery: the data do not say which features matter");
    const auto features = static_cast<std::size_t>(truth->second.count());
    const std::vector<double> open = openness(e, features);
    std::vector<double> signal, noise;
    for (std::size_t j = 0; j < features; ++j)
      (truth->second.get(static_cast<std::int64_t>(j)) != 0.0 ? signal : noise).push_back(open[j]);
    if (signal.empty() || noise.empty())
      throw std::runtime_error("gate-recovery: needs features that matter and others");
    double above = 0.0;
    for (const double s : signal)
      for (const double n : noise) above += s > n ? 1.0 : s == n ? 0.5 : 0.0;
    sink("gate-recovery", above / static_cast<double>(signal.size() * noise.size()));
    sink("gate-recovery-signal-open", share_open(signal));
    sink("gate-recovery-noise-open", share_open(noise));
  }

 private:
  static double share_open(const std::vector<double>& gates) {
    const auto open = std::count_if(gates.begin(), gates.end(), [](double g) { return g > 0.5; });
    return static_cast<double>(open) / static_cast<double>(gates.size());
  }
};
ASSAY_REGISTER(Metric, GateRecovery);

}  // namespace
}  // namespace assay::metrics
