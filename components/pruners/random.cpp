// Removes weights at random: the baseline of every pruner. Each weight gets one random number for a
// replicate, so that a higher sparsity removes what a lower one does and more.
#include "components/pruners/score_pruner.h"

namespace assay::pruners {
namespace {

struct Random final : ScorePruner {
  static constexpr Info kInfo{"random", 1, "Removes weights at random.", "", true};

  static void params(Params<Random>& p) { ScorePruner::params(p); }
  Scores scores(const TrainedModel& /*model*/, const std::vector<nn::Parameter*>& parameters,
                const Examples& /*calibration*/, Stream stream) const override {
    return score_entries(parameters, [&](const nn::Parameter& /*p*/, std::int64_t /*i*/) {
      return stream.uniform();
    });
  }
};
ASSAY_REGISTER(Pruner, Random);

}  // namespace
}  // namespace assay::pruners
