// How noisy the gradient of stochastic gates is: on the first examples of the split, the gradient
// of the training loss by each gate parameter is taken with `draws` different random numbers; its
// variance over these, averaged over the parameters. Also relative to the mean square of the mean
// gradient: above 1 noise outweighs signal. All as at the end of training; 0 where nothing is
// drawn.
#include "components/metrics/metric.h"
#include "components/objectives/objective.h"

namespace assay::metrics {
namespace {

struct GateGradientVariance final : Metric {
  static constexpr Info kInfo{"gate-gradient-variance", 1,
                              "Variance of gate gradients over the noise of training.",
                              "Tucker et al. 2017, arXiv:1703.07370, section 5 (as a measure of "
                              "estimators)"};
  static constexpr std::string_view kBetter = "lower";
  Slot<Objective> objective{"cross-entropy"};
  int draws = 64;
  int examples = 64;

  static void params(Params<GateGradientVariance>& p) {
    p.add("objective", &GateGradientVariance::objective).doc("The loss.");
    p.add("draws", &GateGradientVariance::draws).range(2, 1e6).doc("Of the random numbers.");
    p.add("examples", &GateGradientVariance::examples)
        .range(1, 1e6)
        .unit("examples")
        .doc("In the batch, the first of the split.");
  }
  std::string_view needs() const override { return "model data"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const TrainedModel& trained = *e.model;
    std::int64_t count = 0;
    for (const nn::Parameter& p : trained.parameters)
      count += p.role == nn::Role::kGate ? p.value.count() : 0;
    std::vector<double> sum(static_cast<std::size_t>(count)), squares(sum.size());
    if (count > 0) collect(trained, e.examples().first(examples, trained.format), sum, squares);
    double variance = 0.0, signal = 0.0;
    const double n = draws;
    for (std::size_t i = 0; i < sum.size(); ++i) {
      const double mean = sum[i] / n;
      variance += std::max(0.0, squares[i] - n * mean * mean) / (n - 1);
      signal += mean * mean;
    }
    sink("gate-gradient-variance", count > 0 ? variance / static_cast<double>(count) : 0.0);
    sink("gate-gradient-variance-relative", signal > 0 ? variance / signal : 0.0);
  }

 private:
  // Sums over draws of each gate parameter's gradient and of its square.
  void collect(const TrainedModel& trained, const Examples& batch, std::vector<double>& sum,
               std::vector<double>& squares) const {
    nn::Tape tape;
    nn::Forward pass(tape, trained.parameters, true, Stream(0));
    for (int draw = 0; draw < draws; ++draw) {
      pass.begin(Stream(0, static_cast<std::uint64_t>(draw), "", "gate-gradient-variance"));
      tape.backward(
          pass.training_loss(objective->loss(pass, *trained.model, trained.format, batch)));
      std::size_t at = 0;
      for (const nn::Parameter& p : trained.parameters) {
        if (p.role != nn::Role::kGate) continue;
        const nn::Tensor* gradient = tape.gradient_of(p);
        for (std::int64_t i = 0; i < p.value.count(); ++i, ++at) {
          const double g = gradient ? gradient->get(i) : 0.0;
          sum[at] += g;
          squares[at] += g * g;
        }
      }
    }
  }
};
ASSAY_REGISTER(Metric, GateGradientVariance);

}  // namespace
}  // namespace assay::metrics
