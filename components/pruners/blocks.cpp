// Removes whole residual blocks: those of least Block Influence, 1 - mean over positions of the
// cosine between what goes into a block and what comes out of it (Men et al. 2024, eq. 1). All
// weights and biases of such a block are masked, so that it adds nothing and passes its input on.
#include <cmath>

#include "components/pruners/unit_pruner.h"

namespace assay::pruners {
namespace {

struct Blocks final : UnitPruner {
  static constexpr Info kInfo{"blocks", 1, "Removes residual blocks that change little.",
                              "Men et al. 2024, arXiv:2403.03853, eq. 1"};
  Blocks() { fraction = 0.25; }

  static void params(Params<Blocks>& p) { UnitPruner::params(p); }

  std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                          Stream /*stream*/) const override {
    const std::vector<std::string> sites = model.sites(calibration);
    std::vector<std::string> names;
    for (int i = 1; has(sites, "block" + std::to_string(i)); ++i)
      names.push_back("block" + std::to_string(i));
    if (names.empty()) throw std::runtime_error("blocks: the model has no residual blocks");
    std::vector<Unit> out;
    const std::vector<std::string> chosen = choose(names);
    nn::Tensor before =
        model.activations(calibration, has(sites, "embedded") ? "embedded" : "embedding");
    for (const std::string& name : names) {
      nn::Tensor after = model.activations(calibration, name);
      if (has(chosen, name))
        out.push_back({"blocks", influence(before, after), all_of(model.parameters, name + ".")});
      before = std::move(after);
    }
    return out;
  }

 private:
  static bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  }
  static double influence(const nn::Tensor& before, const nn::Tensor& after) {
    const auto rows = static_cast<int>(before.shape().rows());
    double sum = 0.0;
    for (int r = 0; r < rows; ++r) {
      double dot = 0.0, in = 0.0, out = 0.0;
      for (int c = 0; c < before.shape().back(); ++c) {
        dot += before.at(r, c) * after.at(r, c);
        in += before.at(r, c) * before.at(r, c);
        out += after.at(r, c) * after.at(r, c);
      }
      if (in > 0 && out > 0) sum += dot / std::sqrt(in * out);
    }
    return 1.0 - sum / rows;
  }
};
ASSAY_REGISTER(Pruner, Blocks);

}  // namespace
}  // namespace assay::pruners
