// Removes weights at random, over the whole model: the baseline of every pruner. Each weight gets
// one random number for a replicate, so that a higher sparsity removes what a lower one does and
// more.
#include "components/pruners/mask.h"
#include "components/pruners/pruner.h"

namespace assay::pruners {
namespace {

struct Random final : Pruner {
  static constexpr Info kInfo{"random", 1, "Removes weights at random.", "", true};
  double sparsity = 0.5;

  static void params(Params<Random>& p) {
    p.add("sparsity", &Random::sparsity).range(0, 1).doc("Fraction of the weights that goes.");
  }
  void prune(TrainedModel& model, const Examples& /*calibration*/, Stream stream) const override {
    std::vector<nn::Parameter*> parameters = prunable(model);
    std::vector<Candidate> pool;
    for (std::size_t j = 0; j < parameters.size(); ++j)
      for (std::int64_t i = 0; i < parameters[j]->value.count(); ++i)
        pool.push_back(
            {score_or_gone(*parameters[j], i, stream.uniform()), static_cast<int>(j), i});
    remove_lowest(parameters, pool, share(sparsity, static_cast<std::int64_t>(pool.size())));
  }
};
ASSAY_REGISTER(Pruner, Random);

}  // namespace
}  // namespace assay::pruners
