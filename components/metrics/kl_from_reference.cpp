// Mean over examples and positions of KL(p || q) = sum p log(p / q), in nats, p being the
// predictions of the reference and q those of the model: what is lost by taking the model for the
// reference.
#include <algorithm>
#include <cmath>

#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct KlFromReference final : Metric {
  static constexpr Info kInfo{"kl-from-reference", 1,
                              "Divergence of the reference's predictions from the model's.",
                              "Kullback and Leibler 1951"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model data reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& expected = reference_logits_of(e, "kl-from-reference");
    const nn::Tensor& out = e.outputs();
    const int classes = e.model->format.classes;
    double sum = 0.0;
    for (std::int64_t row = 0; row < out.count(); row += classes) {
      const double p_total = log_total(expected, row, classes),
                   q_total = log_total(out, row, classes);
      for (int j = 0; j < classes; ++j) {
        const double p = expected.get(row + j) - p_total, q = out.get(row + j) - q_total;
        sum += std::exp(p) * (p - q);
      }
    }
    sink("kl-from-reference", sum * classes / static_cast<double>(out.count()));
  }

 private:
  // log sum exp of a row.
  static double log_total(const nn::Tensor& logits, std::int64_t row, int classes) {
    double top = logits.get(row), sum = 0.0;
    for (int j = 1; j < classes; ++j) top = std::max(top, logits.get(row + j));
    for (int j = 0; j < classes; ++j) sum += std::exp(logits.get(row + j) - top);
    return top + std::log(sum);
  }
};
ASSAY_REGISTER(Metric, KlFromReference);

}  // namespace
}  // namespace assay::metrics
