// Mean over all entries of (output - input)².
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct Mse final : Metric {
  static constexpr Info kInfo{"mse", 1, "Mean squared error of reconstructing the input.", ""};
  std::string_view needs() const override { return "model data"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& out = e.outputs();
    const nn::Tensor& x = e.examples().features;
    if (!(out.shape() == x.shape()))
      throw std::runtime_error("mse: outputs " + out.shape().text() +
                               " are no reconstruction of inputs " + x.shape().text());
    double total = 0.0;
    for (std::int64_t i = 0; i < x.count(); ++i)
      total += (out.get(i) - x.get(i)) * (out.get(i) - x.get(i));
    sink("mse", total / static_cast<double>(x.count()));
  }
};
ASSAY_REGISTER(Metric, Mse);

}  // namespace
}  // namespace assay::metrics
