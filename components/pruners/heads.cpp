// Removes whole attention heads: their rows of queries, keys and values, and the columns of the
// output projection that read them. A head is worth the norm of all these weights, or what its loss
// would be to first order (Michel et al. 2019, eq. 2): the mean over examples of |sum a g|, a what
// the head gives and g the gradient of that example's loss by it. As there, first-order scores are
// divided by their Euclidean norm over the heads of a layer, and compete in the whole model.
#include <cmath>

#include "components/objectives/objective.h"
#include "components/pruners/unit_pruner.h"

namespace assay::pruners {
namespace {

struct Heads final : UnitPruner {
  enum class Score { kLoss, kNorm };
  static constexpr Info kInfo{"heads", 1, "Removes attention heads.",
                              "Michel et al. 2019, arXiv:1905.10650, section 4.1"};
  Heads() { scope = Scope::kGlobal; }
  Score score = Score::kLoss;
  Slot<Objective> objective{"cross-entropy"};

  static void params(Params<Heads>& p) {
    UnitPruner::params(p);
    p.add("score", &Heads::score, {"loss", "norm"})
        .doc("First-order change of the loss, or norm of the head's weights.")
        .source("Michel et al. 2019, eq. 2");
    p.add("objective", &Heads::objective).doc("The loss.");
  }

  std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                          Stream stream) const override {
    const std::vector<std::string> mixers = attention_layers(model.parameters);
    if (mixers.empty()) throw std::runtime_error("heads: the model has no attention");
    const int heads = heads_of(model.model->config());
    if (heads < 1) throw std::runtime_error("heads: the model does not say how many it has");
    const auto losses = score == Score::kLoss ? loss_scores(model, calibration, heads, stream)
                                              : std::map<std::string, std::vector<double>>{};
    std::vector<Unit> out;
    for (const std::string& mixer : choose(mixers)) {
      nn::Parameter& output = model.parameters.get(mixer + ".output.weight");
      const int width = output.value.shape().back() / heads;
      for (int h = 0; h < heads; ++h) {
        Unit unit{mixer, 0.0, {columns_of(output, h * width, width)}};
        for (const char* part : {".query", ".key", ".value"})
          add_rows(unit.pieces, model.parameters, mixer + part, h * width, width);
        unit.score = score == Score::kLoss ? losses.at(mixer)[static_cast<std::size_t>(h)]
                                           : norm(unit.pieces);
        out.push_back(std::move(unit));
      }
    }
    return out;
  }

 private:
  // Layers with the four projections of multi-head attention, each as wide as it is high.
  static std::vector<std::string> attention_layers(const nn::Parameters& parameters) {
    std::vector<std::string> out;
    for (const nn::Parameter& p : parameters) {
      if (!p.name.ends_with(".query.weight") || p.role != nn::Role::kWeight) continue;
      const std::string mixer = p.name.substr(0, p.name.size() - 13);
      bool all = true;
      for (const char* part : {".key.weight", ".value.weight", ".output.weight"}) {
        const nn::Parameter* other = parameters.find(mixer + part);
        all = all && other && other->value.shape() == p.value.shape();
      }
      if (all) out.push_back(mixer);
    }
    return out;
  }

  // The parameter `heads` of the model or of a component inside it; 0 where there is none.
  static int heads_of(const Value& config) {
    if (!config.is_table()) return 0;
    if (const Value* heads = config.find("heads"); heads && heads->is_integer())
      return static_cast<int>(heads->integer());
    for (const auto& entry : config.table())
      if (const int found = heads_of(entry.value)) return found;
    return 0;
  }

  std::map<std::string, std::vector<double>> loss_scores(const TrainedModel& model,
                                                         const Examples& calibration, int heads,
                                                         Stream stream) const {
    nn::Tape tape;
    nn::Forward pass(tape, model.parameters, false, stream);
    std::vector<std::pair<std::string, nn::Var>> seen;
    pass.add_hook(nn::Forward::Hook([&](std::string_view site, nn::Var value) {
      if (site.ends_with(".heads")) seen.emplace_back(site.substr(0, site.size() - 6), value);
      return value;
    }));
    pass.begin(stream);
    tape.backward(objective->loss(pass, *model.model, model.format, calibration));
    std::map<std::string, std::vector<double>> out;
    for (const auto& [mixer, value] : seen)
      out[mixer] = head_scores(tape.value(value), tape.gradient(value), calibration.count, heads);
    return out;
  }

  // a and g: (examples * length) x (heads * width). The loss is a mean over examples, which leaves
  // a common factor to the norm.
  static std::vector<double> head_scores(const nn::Tensor& a, const nn::Tensor& g, int examples,
                                         int heads) {
    const int length = static_cast<int>(a.shape().rows()) / examples,
              width = a.shape().back() / heads;
    std::vector<double> out(static_cast<std::size_t>(heads));
    double squares = 0.0;
    for (int h = 0; h < heads; ++h) {
      double& total = out[static_cast<std::size_t>(h)];
      for (int e = 0; e < examples; ++e) {
        double sum = 0.0;
        for (int r = e * length; r < (e + 1) * length; ++r)
          for (int c = h * width; c < (h + 1) * width; ++c) sum += a.at(r, c) * g.at(r, c);
        total += std::abs(sum);
      }
      squares += total * total;
    }
    for (double& total : out) total = squares > 0 ? total / std::sqrt(squares) : 0.0;
    return out;
  }
};
ASSAY_REGISTER(Pruner, Heads);

}  // namespace
}  // namespace assay::pruners
