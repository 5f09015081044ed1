// Removes the weights of smallest magnitude, over the whole model or within each layer.
#include <cmath>

#include "components/pruners/mask.h"
#include "components/pruners/pruner.h"

namespace assay::pruners {
namespace {

struct Magnitude final : Pruner {
  enum class Scope { kGlobal, kLayer };
  static constexpr Info kInfo{"magnitude", 1, "Removes the smallest weights.",
                              "Han et al. 2015, arXiv:1506.02626"};
  double sparsity = 0.5;
  Scope scope = Scope::kGlobal;

  static void params(Params<Magnitude>& p) {
    p.add("sparsity", &Magnitude::sparsity).range(0, 1).doc("Fraction of the weights that goes.");
    p.add("scope", &Magnitude::scope, {"global", "layer"}).doc("Where weights compete.");
  }
  void prune(TrainedModel& model, const Examples& /*calibration*/,
             Stream /*stream*/) const override {
    std::vector<nn::Parameter*> parameters = prunable(model);
    std::vector<Candidate> pool;
    for (std::size_t j = 0; j < parameters.size(); ++j) {
      const nn::Parameter& p = *parameters[j];
      for (std::int64_t i = 0; i < p.value.count(); ++i)
        pool.push_back({score_or_gone(p, i, std::abs(p.value.get(i))), static_cast<int>(j), i});
      if (scope == Scope::kGlobal) continue;
      remove_lowest(parameters, pool, share(sparsity, static_cast<std::int64_t>(pool.size())));
      pool.clear();
    }
    if (scope == Scope::kGlobal)
      remove_lowest(parameters, pool, share(sparsity, static_cast<std::int64_t>(pool.size())));
  }
};
ASSAY_REGISTER(Pruner, Magnitude);

}  // namespace
}  // namespace assay::pruners
