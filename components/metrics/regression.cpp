#include "components/metrics/regression.h"

namespace assay::metrics {

const nn::Tensor& goal_of(Evaluation& e, const std::string& metric) {
  const nn::Tensor& out = e.outputs();
  const bool targets = e.model->model->output(e.model->format) == Model::Output::kTargets;
  const nn::Tensor& goal = targets ? e.examples().targets : e.examples().features;
  if (goal.empty())
    throw std::runtime_error(metric + ": the data have no " + (targets ? "targets" : "features"));
  if (!(out.shape() == goal.shape()))
    throw std::runtime_error(
        metric + ": outputs " + out.shape().text() +
        (targets ? " are no prediction of targets " : " are no reconstruction of inputs ") +
        goal.shape().text());
  return goal;
}

Variance variance_of(const nn::Tensor& goal, const nn::Tensor& out) {
  const int n = static_cast<int>(goal.shape().rows()), d = goal.shape().back();
  Variance sums;
  for (int j = 0; j < d; ++j) {
    double mean = 0.0;
    for (int i = 0; i < n; ++i) mean += goal.at(i, j) / n;
    for (int i = 0; i < n; ++i) {
      const double x = goal.at(i, j), error = x - out.at(i, j);
      sums.residual += error * error;
      sums.total += (x - mean) * (x - mean);
    }
  }
  return sums;
}

}  // namespace assay::metrics
