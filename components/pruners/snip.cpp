// SNIP (Lee et al. 2018): the score of a weight is |g w|, g the gradient of the mean loss over the
// calibration examples, auxiliary losses of the model included: how fast the loss changes as the
// connection is scaled away. The paper prunes before training; here the model may be trained or
// not (steps = 0), and the calibration set is the one minibatch.
#include <cmath>

#include "components/nn/derivatives.h"
#include "components/objectives/objective.h"
#include "components/pruners/score_pruner.h"

namespace assay::pruners {
namespace {

struct Snip final : ScorePruner {
  static constexpr Info kInfo{"snip", 1, "Removes weights to which the loss is least sensitive.",
                              "Lee et al. 2018, arXiv:1810.02340, eq. 6"};
  Slot<Objective> objective{"cross-entropy"};

  static void params(Params<Snip>& p) {
    ScorePruner::params(p);
    p.add("objective", &Snip::objective).doc("The loss.");
  }
  Scores scores(const TrainedModel& model, const std::vector<nn::Parameter*>& parameters,
                const Examples& calibration, Stream stream) const override {
    const std::vector<nn::Tensor> gradients = nn::gradients(
        model.parameters,
        [&](nn::Forward& pass) {
          return objective->loss(pass, *model.model, model.format, calibration);
        },
        stream);
    std::map<const nn::Parameter*, const nn::Tensor*> of;
    auto gradient = gradients.begin();
    for (const nn::Parameter& p : model.parameters) of[&p] = &*gradient++;
    return score_entries(parameters, [&](const nn::Parameter& p, std::int64_t i) {
      return std::abs(of.at(&p)->get(i) * p.value.get(i));
    });
  }
};
ASSAY_REGISTER(Pruner, Snip);

}  // namespace
}  // namespace assay::pruners
