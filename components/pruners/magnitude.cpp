// Removes the weights of smallest magnitude.
#include <cmath>

#include "components/pruners/score_pruner.h"

namespace assay::pruners {
namespace {

struct Magnitude final : ScorePruner {
  static constexpr Info kInfo{"magnitude", 1, "Removes the smallest weights.",
                              "Han et al. 2015, arXiv:1506.02626"};

  static void params(Params<Magnitude>& p) { ScorePruner::params(p); }
  Scores scores(const TrainedModel& /*model*/, const std::vector<nn::Parameter*>& parameters,
                const Examples& /*calibration*/, Stream /*stream*/) const override {
    return score_entries(parameters, [](const nn::Parameter& p, std::int64_t i) {
      return std::abs(p.value.get(i));
    });
  }
};
ASSAY_REGISTER(Pruner, Magnitude);

}  // namespace
}  // namespace assay::pruners
