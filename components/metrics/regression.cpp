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

}  // namespace assay::metrics
