// OWL (Yin et al. 2023): parts of the model with many outliers keep more. D of a part is the share
// of its weights whose |W_ij| ||x_j|| exceeds M times the mean over the part; the part keeps 1 - S
// + 2 lambda ((D - min) / (max - min) - mean), the mean over parts, so that the model as a whole
// loses S (equation 3 and the authors' code). The inner pruner prunes each part at its own
// sparsity. A part is what the first word of its layers' names says: "block1" of
// "block1.mixer.query", as in the paper, a layer where there are no blocks. Two departures: the
// mean weighs parts by their weights, which the paper's equal ones need not; and where S is so near
// 0 or 1 that a part's would lie outside, all are drawn towards S by one factor.
#include <cmath>

#include "components/pruners/calibration.h"
#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/pruners/pruner.h"

namespace assay::pruners {
namespace {

struct Owl final : Pruner, LayerChoice {
  static constexpr Info kInfo{"owl", 1, "Shares out the sparsity by the outliers of each part.",
                              "Yin et al. 2023, arXiv:2310.05175, section 3.2"};
  double sparsity = 0.5;
  double threshold = 5.0;
  double spread = 0.08;
  Slot<Pruner> pruner{"wanda"};

  static void params(Params<Owl>& p) {
    p.add("sparsity", &Owl::sparsity).range(0, 1).doc("Fraction of the weights that goes.");
    p.add("threshold", &Owl::threshold)
        .above(0)
        .doc("M: an outlier is so many times the mean.")
        .source("Yin et al. 2023, section 4");
    p.add("spread", &Owl::spread)
        .range(0, 1)
        .doc("Lambda: sparsities of parts lie within a range of twice this.")
        .source("Yin et al. 2023, section 4");
    p.add("pruner", &Owl::pruner)
        .doc("Prunes each part; its own sparsity and layers do not count.");
    LayerChoice::params(p);
  }
  std::string check() const override {
    for (const char* needed : {"sparsity", "layers"})
      if (!pruner->spec().param(needed))
        return "pruner: \"" + pruner->spec().name + "\" has no parameter " + needed;
    const Value* m = pruner->config().find("m");
    return m && m->integer() > 0 ? "pruner: with m = 0 alone does it keep to a sparsity" : "";
  }
  bool updates_kept() const override { return pruner->updates_kept(); }

  void prune(TrainedModel& model, const Examples& calibration, Stream stream) const override {
    // A pruner that repairs works on the parts before it as they are left; others see the model as
    // it came, so that with even budgets the result is what they would give alone.
    const TrainedModel came = model;
    for (const Part& part : budgets(model, calibration)) {
      Value::Array names(part.layers.begin(), part.layers.end());
      auto inner = with(*pruner, "sparsity", Value(part.sparsity));
      inner = with(*inner, "layers", Value(std::move(names)));
      inner = with(*inner, "ignore", Value(Value::Array{}));
      if (updates_kept()) {
        inner->prune(model, calibration, stream);
        continue;
      }
      TrainedModel copy = came;
      inner->prune(copy, calibration, stream);
      for (nn::Parameter* p : prunable(model))
        if (std::find(part.layers.begin(), part.layers.end(), layer_of(*p)) != part.layers.end())
          *p = copy.parameters.get(p->name);
    }
  }

 private:
  struct Part {
    std::string name;
    std::vector<std::string> layers;
    std::vector<double> scores;
    double sparsity = 0.0;
  };

  std::vector<Part> parts_of(TrainedModel& model, const Examples& calibration) const {
    const std::vector<nn::Parameter*> parameters = prunable(model);
    const auto scores = scores_by_input(model, parameters, calibration);
    std::vector<Part> out;
    for (std::size_t j = 0; j < parameters.size(); ++j) {
      const std::string layer = layer_of(*parameters[j]), name = layer.substr(0, layer.find('.'));
      auto part =
          std::find_if(out.begin(), out.end(), [&](const Part& p) { return p.name == name; });
      if (part == out.end()) part = out.insert(out.end(), Part{name, {}, {}, 0.0});
      part->layers.push_back(layer);
      part->scores.insert(part->scores.end(), scores[j].begin(), scores[j].end());
    }
    return out;
  }

  double outlier_share(const std::vector<double>& scores) const {
    double sum = 0.0, outliers = 0.0;
    for (const double score : scores) sum += score;
    const auto count = static_cast<double>(scores.size());
    for (const double score : scores) outliers += score > threshold * sum / count ? 1.0 : 0.0;
    return outliers / count;
  }

  std::vector<Part> budgets(TrainedModel& model, const Examples& calibration) const {
    std::vector<Part> parts = parts_of(model, calibration);
    std::vector<double> more;  // kept beyond 1 - S, before the mean is taken away
    more.reserve(parts.size());
    for (const Part& part : parts) more.push_back(outlier_share(part.scores));
    const auto [low, high] = std::minmax_element(more.begin(), more.end());
    const double least = parts.empty() ? 0.0 : *low, range = parts.empty() ? 0.0 : *high - *low;
    double mean = 0.0, weights = 0.0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      more[i] = range > 0 ? 2 * spread * (more[i] - least) / range : 0.0;
      mean += more[i] * static_cast<double>(parts[i].scores.size());
      weights += static_cast<double>(parts[i].scores.size());
    }
    double factor = 1.0;  // at which every sparsity lies in 0 … 1
    for (double& extra : more) {
      extra -= mean / weights;
      if (extra > 0) factor = std::min(factor, sparsity / extra);
      if (extra < 0) factor = std::min(factor, (1 - sparsity) / -extra);
    }
    for (std::size_t i = 0; i < parts.size(); ++i)
      parts[i].sparsity = std::clamp(sparsity - factor * more[i], 0.0, 1.0);
    return parts;
  }
};
ASSAY_REGISTER(Pruner, Owl);

}  // namespace
}  // namespace assay::pruners
