// exp(-sum_c f_c log f_c), f_c the share of the split's rows that take code c: as many codes, used
// alike, would have the same entropy. The mean over groups of codes, and over codebooks.
#include <cmath>

#include "components/metrics/code_counts.h"

namespace assay::metrics {
namespace {

struct CodePerplexity final : Metric {
  static constexpr Info kInfo{"code-perplexity", 1, "Exponential of the entropy of the codes.",
                              "Dhariwal et al. 2020, arXiv:2005.00341, section 3.1"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const auto groups = code_counts(e, kInfo.name);
    double sum = 0.0;
    for (const auto& counts : groups) {
      double total = 0.0, entropy = 0.0;
      for (const double count : counts) total += count;
      for (const double count : counts)
        if (count > 0) entropy -= count / total * std::log(count / total);
      sum += std::exp(entropy);
    }
    sink("code-perplexity", sum / static_cast<double>(groups.size()));
  }
};
ASSAY_REGISTER(Metric, CodePerplexity);

}  // namespace
}  // namespace assay::metrics
