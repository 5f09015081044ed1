// The share of a codebook's codes that at least one row of the split takes; the mean over groups of
// codes (stages of residual-vq), and over codebooks.
#include "components/metrics/code_counts.h"

namespace assay::metrics {
namespace {

struct CodeUsage final : Metric {
  static constexpr Info kInfo{"code-usage", 1, "Share of a codebook's codes that are used.",
                              "Mentzer et al. 2023, arXiv:2309.15505, section 4"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto groups = code_counts(e, kInfo.name);
    double sum = 0.0;
    for (const auto& counts : groups) {
      double used = 0.0;
      for (const double count : counts) used += count > 0 ? 1.0 : 0.0;
      sum += used / static_cast<double>(counts.size());
    }
    sink("code-usage", sum / static_cast<double>(groups.size()));
  }
};
ASSAY_REGISTER(Metric, CodeUsage);

}  // namespace
}  // namespace assay::metrics
