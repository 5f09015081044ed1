// Removes whole units of hidden layers: the rows that make them and the columns that read them. A
// unit is worth the norm of the weights that come in, of those that go out, or its mean absolute
// activation over the calibration examples.
#include <cmath>

#include "components/pruners/hidden_units.h"

namespace assay::pruners {
namespace {

struct Rows final : UnitPruner {
  enum class Score { kIncoming, kOutgoing, kActivation };
  static constexpr Info kInfo{"rows", 1, "Removes units of hidden layers.",
                              "He et al. 2014 (outgoing norm); Hu et al. 2016, arXiv:1607.03250 "
                              "(activation)"};
  Score score = Score::kOutgoing;

  static void params(Params<Rows>& p) {
    UnitPruner::params(p);
    p.add("score", &Rows::score, {"incoming", "outgoing", "activation"})
        .doc("Norm of the weights that come in or go out, or mean absolute activation.")
        .source("He et al. 2014");
  }

  std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                          Stream /*stream*/) const override {
    std::vector<Unit> out;
    std::string layer;
    std::vector<double> activity;
    for (const HiddenUnit& hidden : hidden_units(model, *this, calibration)) {
      if (score == Score::kActivation && hidden.layer != layer)
        activity = mean_sizes(model.activations(calibration, hidden.layer + ".act"));
      layer = hidden.layer;
      Unit unit{layer, 0.0, hidden.incoming};
      unit.score = score == Score::kIncoming   ? norm(hidden.incoming)
                   : score == Score::kOutgoing ? norm(hidden.outgoing)
                                               : activity[static_cast<std::size_t>(hidden.index)];
      unit.pieces.insert(unit.pieces.end(), hidden.outgoing.begin(), hidden.outgoing.end());
      out.push_back(std::move(unit));
    }
    return out;
  }

 private:
  static std::vector<double> mean_sizes(const nn::Tensor& activations) {
    const auto width = static_cast<std::size_t>(activations.shape().back());
    std::vector<double> out(width);
    for (std::int64_t i = 0; i < activations.count(); ++i)
      out[static_cast<std::size_t>(i) % width] +=
          std::abs(activations.get(i)) / static_cast<double>(activations.shape().rows());
    return out;
  }
};
ASSAY_REGISTER(Pruner, Rows);

}  // namespace
}  // namespace assay::pruners
