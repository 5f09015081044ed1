// exp(mean d), d the model's negative log-likelihood of a label less the reference's: by which
// factor the perplexity grows. Its standard error over the examples, by the delta method: labels of
// one example (positions of a text) hang together, so an example is one draw, of a ratio of sums
// (Cochran 1977, section 6.4).
#include <cmath>

#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct PerplexityRatio final : Metric {
  static constexpr Info kInfo{"perplexity-ratio", 1,
                              "Perplexity over that of a reference, and its standard error.",
                              "Jelinek et al. 1977 (perplexity)"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data reference"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& before = reference_logits_of(e, "perplexity-ratio");
    const nn::Tensor& now = e.outputs();
    const double labels = counted_labels(e, "perplexity-ratio");
    const auto examples = difference_by_example(e, before, now);
    double total = 0.0;
    for (const auto& one : examples) total += one.sum;
    const double mean = total / labels, ratio = std::exp(mean);
    double squares = 0.0, count = 0.0;
    for (const auto& one : examples) {
      if (one.labels == 0) continue;
      const double off = one.sum - mean * one.labels;
      squares += off * off;
      count += 1.0;
    }
    sink("perplexity-ratio", ratio);
    if (count > 1)
      sink("perplexity-ratio-error", ratio * std::sqrt(squares * count / (count - 1)) / labels);
  }

 private:
  struct Example {
    double sum = 0.0, labels = 0.0;
  };
  static std::vector<Example> difference_by_example(const Evaluation& e, const nn::Tensor& before,
                                                    const nn::Tensor& now) {
    const auto& labels = e.examples().labels;
    const int classes = e.model->format.classes;
    const auto positions = static_cast<std::size_t>(e.model->format.positions);
    std::vector<Example> out(labels.size() / positions);
    for (std::size_t i = 0; i < labels.size(); ++i) {
      if (labels[i] < 0) continue;
      const std::int64_t row = static_cast<std::int64_t>(i) * classes;
      Example& example = out[i / positions];
      example.sum += nll_at(now, row, classes, labels[i]) - nll_at(before, row, classes, labels[i]);
      example.labels += 1.0;
    }
    return out;
  }
};
ASSAY_REGISTER(Metric, PerplexityRatio);

}  // namespace
}  // namespace assay::metrics
