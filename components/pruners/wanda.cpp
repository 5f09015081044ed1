// Wanda (Sun et al. 2023): the score of W_ij is |W_ij| * ||x_j||_2, with x_j the j-th input of the
// layer over the calibration examples; within each output row the lowest go. A layer that no
// calibration example reaches (an expert without tokens) is judged by magnitude alone.
#include "components/pruners/calibration.h"
#include "components/pruners/score_pruner.h"

namespace assay::pruners {
namespace {

struct Wanda final : ScorePruner {
  static constexpr Info kInfo{"wanda", 1,
                              "Removes weights by magnitude times input norm, row by row.",
                              "Sun et al. 2023, arXiv:2306.11695, eq. 1"};
  Wanda() { scope = Scope::kRow; }

  static void params(Params<Wanda>& p) { ScorePruner::params(p); }
  Scores scores(const TrainedModel& model, const std::vector<nn::Parameter*>& parameters,
                const Examples& calibration, Stream /*stream*/) const override {
    return scores_by_input(model, parameters, calibration);
  }
};
ASSAY_REGISTER(Pruner, Wanda);

}  // namespace
}  // namespace assay::pruners
