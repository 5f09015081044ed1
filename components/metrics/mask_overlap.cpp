// Jaccard index of the weights that two models keep, by their masks: kept by both over kept by
// either; 1 where neither keeps any.
#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct MaskOverlap final : Metric {
  static constexpr Info kInfo{"mask-overlap", 1,
                              "Share of the weights kept by either model that both keep.",
                              "Jaccard 1901"};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model reference"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    double both = 0.0, either = 0.0;
    for (const nn::Parameter& p : e.model->parameters) {
      if (p.role != nn::Role::kWeight) continue;
      const nn::Parameter* q = e.reference->parameters.find(p.name);
      if (!q || !(q->value.shape() == p.value.shape()))
        throw std::runtime_error("mask-overlap: the reference has no " + p.name + " of " +
                                 p.value.shape().text());
      for (std::int64_t i = 0; i < p.value.count(); ++i) {
        const bool mine = p.mask.empty() || p.mask.get(i) != 0.0;
        const bool other = q->mask.empty() || q->mask.get(i) != 0.0;
        both += mine && other ? 1.0 : 0.0;
        either += mine || other ? 1.0 : 0.0;
      }
    }
    sink("mask-overlap", either > 0 ? both / either : 1.0);
  }
};
ASSAY_REGISTER(Metric, MaskOverlap);

}  // namespace
}  // namespace assay::metrics
