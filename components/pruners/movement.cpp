// Movement pruning (Sanh et al. 2020): the score of a weight is -sum over steps of g w, summed
// while the model is fine-tuned: weights that training moves away from zero stay. Here a copy of
// the model is fine-tuned on minibatches of the calibration examples for the scores alone; the
// model keeps the values that it came with, so that pruners compare at one shot. The paper prunes
// as it trains, the masked weights scored through a straight-through gradient; here nothing is
// masked until the end.
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "components/pruners/score_pruner.h"
#include "components/stages/minibatches.h"

namespace assay::pruners {
namespace {

struct Movement final : ScorePruner {
  static constexpr Info kInfo{"movement", 1, "Removes weights that fine-tuning moves towards zero.",
                              "Sanh et al. 2020, arXiv:2005.07683, eq. 3", true};
  static constexpr std::string_view kExample = "steps = 3, batch = 8";
  Slot<Objective> objective{"cross-entropy"};
  Slot<Optimizer> optimizer{"adamw"};
  int steps = 100;
  int batch = 32;

  static void params(Params<Movement>& p) {
    ScorePruner::params(p);
    p.add("objective", &Movement::objective).doc("The loss.");
    p.add("optimizer", &Movement::optimizer).doc("Of the fine-tuning.");
    p.add("steps", &Movement::steps).range(1, 1e6).unit("steps").doc("Of fine-tuning.");
    p.add("batch", &Movement::batch).range(1, 1e6).unit("examples").doc("In each step.");
  }
  std::string check() const override {
    if (optimizer->reevaluates())
      return "optimizer: \"" + optimizer->spec().name +
             "\" evaluates steps again, which this pruner does not offer";
    return ScorePruner::check();
  }
  Scores scores(const TrainedModel& model, const std::vector<nn::Parameter*>& parameters,
                const Examples& calibration, Stream stream) const override {
    TrainedModel tuned = model;
    const auto state = optimizer->begin(tuned.parameters, steps);
    stages::Minibatches batches(stream.fork("order"), calibration.count, batch);
    nn::Tape tape;
    nn::Forward pass(tape, tuned.parameters, true, stream);
    Scores out =
        score_entries(parameters, [](const auto& /*p*/, std::int64_t /*i*/) { return 0.0; });
    Examples examples;
    for (int step = 0; step < steps; ++step) {
      pass.begin(stream.fork("step", static_cast<std::uint64_t>(step)));
      calibration.select(batches.next(), model.format, examples);
      nn::Var loss = objective->loss(pass, *tuned.model, tuned.format, examples);
      for (const auto& extra : pass.losses()) loss = nn::add(loss, extra.value);
      tape.backward(loss);
      tape.require_finite(loss);
      for (std::size_t j = 0; j < parameters.size(); ++j)
        add_movement(tape, tuned.parameters.get(parameters[j]->name), out[j]);
      state->step(tuned.parameters, tape);
      pass.run_updates(tuned.parameters);
    }
    return out;
  }

 private:
  static void add_movement(const nn::Tape& tape, const nn::Parameter& p,
                           std::vector<double>& scores) {
    const nn::Tensor* gradient = tape.gradient_of(p);
    for (std::size_t i = 0; gradient && i < scores.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      scores[i] -= gradient->get(at) * p.value.get(at);
    }
  }
};
ASSAY_REGISTER(Pruner, Movement);

}  // namespace
}  // namespace assay::pruners
