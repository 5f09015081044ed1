// Removes whole experts of a mixture: the least used, those of smallest norm, or the set whose loss
// changes the layer's output least (Lu et al. 2024, eq. 1, section 3.2): with G_ef the inner
// product over the calibration rows of what experts e and f add to the output, a set costs the sum
// of G over it. Every set is tried where there are at most 20,000, else experts go one by one. All
// weights and biases of a removed expert are masked; the router is left as it is, so rows that it
// sends there get nothing from it. In the paper the router chooses among those that stay.
#include <limits>

#include "components/pruners/expert_layers.h"
#include "components/pruners/mask.h"

namespace assay::pruners {
namespace {

constexpr int kMostSets = 20000;

struct Experts final : UnitPruner {
  enum class Score { kFrequency, kNorm, kReconstruction };
  static constexpr Info kInfo{"experts", 1, "Removes experts.",
                              "Lu et al. 2024, arXiv:2402.14800, section 3.2 (reconstruction)"};
  Score score = Score::kReconstruction;

  static void params(Params<Experts>& p) {
    UnitPruner::params(p);
    p.add("score", &Experts::score, {"frequency", "norm", "reconstruction"})
        .doc(
            "How often the router sends rows there, norm of the weights, or the best set for the "
            "layer's output.")
        .source("Lu et al. 2024, section 3.2");
  }
  std::string check() const override {
    return score == Score::kReconstruction && scope == Scope::kGlobal
               ? "scope: sets of experts are compared by reconstruction in each layer alone"
               : "";
  }

  std::vector<Unit> units(TrainedModel& model, const Examples& calibration,
                          Stream /*stream*/) const override {
    const std::vector<ExpertLayer> layers = expert_layers(model, *this, kInfo.name);
    std::vector<nn::Forward::Statistic> statistics;
    if (score == Score::kFrequency) (void)model.outputs(calibration, {}, &statistics);
    std::vector<Unit> out;
    for (const auto& [layer, experts] : layers) {
      const std::vector<double> scores = scores_of(model, calibration, layer, experts, statistics);
      for (std::size_t e = 0; e < experts.size(); ++e)
        out.push_back({layer, scores[e], experts[e]});
    }
    return out;
  }

 private:
  using Gram = std::vector<std::vector<double>>;

  std::vector<double> scores_of(const TrainedModel& model, const Examples& calibration,
                                const std::string& layer,
                                const std::vector<std::vector<Piece>>& experts,
                                std::span<const nn::Forward::Statistic> statistics) const {
    std::vector<double> out(experts.size());
    const std::string prefix = layer.substr(0, layer.size() - 7);
    if (score == Score::kNorm)
      std::transform(experts.begin(), experts.end(), out.begin(),
                     [](const std::vector<Piece>& expert) { return norm(expert); });
    for (const auto& statistic : statistics)
      for (std::size_t e = 0; statistic.name == prefix + "router.load" && e < out.size(); ++e)
        out[e] += statistic.value.get(static_cast<std::int64_t>(e));
    if (score != Score::kReconstruction) return out;
    // Experts that an earlier pruning took are in every set.
    std::vector<std::size_t> present;
    std::vector<std::vector<Piece>> rivals;
    for (std::size_t e = 0; e < experts.size(); ++e)
      if (!gone(experts[e])) present.push_back(e), rivals.push_back(experts[e]);
    const auto most = static_cast<int>(present.size());
    const auto count = static_cast<int>(share(fraction, static_cast<std::int64_t>(out.size()))) -
                       (static_cast<int>(out.size()) - most);
    const std::string site =
        prefix.empty() ? "mixture" : prefix.substr(0, prefix.size() - 1);  // what they add to
    std::fill(out.begin(), out.end(), 1.0);
    for (const int e :
         cheapest_set(additions(model, calibration, site, rivals), std::max(0, count)))
      out[present[static_cast<std::size_t>(e)]] = 0.0;
    return out;
  }

  // Inner products of what each expert adds at the site.
  static Gram additions(const TrainedModel& model, const Examples& calibration,
                        const std::string& site, const std::vector<std::vector<Piece>>& experts) {
    const nn::Tensor with = model.activations(calibration, site);
    std::vector<nn::Tensor> added;
    for (const auto& expert : experts) {
      TrainedModel without = model;
      for (const Piece& piece : expert)
        without.parameters.get(piece.parameter->name).value.fill(0.0);
      nn::Tensor& difference = added.emplace_back(without.activations(calibration, site));
      for (std::int64_t i = 0; i < with.count(); ++i)
        difference.set(i, with.get(i) - difference.get(i));
    }
    Gram out(experts.size(), std::vector<double>(experts.size()));
    for (std::size_t e = 0; e < out.size(); ++e)
      for (std::size_t f = 0; f <= e; ++f) {
        for (std::int64_t i = 0; i < with.count(); ++i)
          out[e][f] += added[e].get(i) * added[f].get(i);
        out[f][e] = out[e][f];
      }
    return out;
  }

  static double cost(const Gram& gram, const std::vector<int>& set) {
    double out = 0.0;
    for (const int e : set)
      for (const int f : set) out += gram[static_cast<std::size_t>(e)][static_cast<std::size_t>(f)];
    return out;
  }

  // Ties go to the set that comes first in the dictionary.
  static std::vector<int> cheapest_set(const Gram& gram, int count) {
    const auto all = static_cast<int>(gram.size());
    double sets = 1.0;
    for (int i = 0; i < count; ++i) sets *= static_cast<double>(all - i) / (i + 1);
    if (sets > kMostSets) return one_by_one(gram, count);
    std::vector<int> set(static_cast<std::size_t>(count)), best;
    std::iota(set.begin(), set.end(), 0);
    double least = std::numeric_limits<double>::infinity();
    do {
      const double now = cost(gram, set);
      if (best.empty() || now < least) least = now, best = set;
    } while (next_set(set, all));
    return best;
  }
  static bool next_set(std::vector<int>& set, int all) {
    const auto count = static_cast<int>(set.size());
    for (int i = count - 1; i >= 0; --i) {
      if (set[static_cast<std::size_t>(i)] == all - count + i) continue;
      int next = set[static_cast<std::size_t>(i)];
      for (int j = i; j < count; ++j) set[static_cast<std::size_t>(j)] = ++next;
      return true;
    }
    return false;
  }
  static std::vector<int> one_by_one(const Gram& gram, int count) {
    std::vector<int> set;
    while (static_cast<int>(set.size()) < count) {
      int best = -1;
      double least = std::numeric_limits<double>::infinity();
      for (int e = 0; e < static_cast<int>(gram.size()); ++e) {
        if (std::find(set.begin(), set.end(), e) != set.end()) continue;
        std::vector<int> with = set;
        with.push_back(e);
        const double now = cost(gram, with);
        if (best < 0 || now < least) least = now, best = e;
      }
      set.push_back(best);
    }
    return set;
  }
};
ASSAY_REGISTER(Pruner, Experts);

}  // namespace
}  // namespace assay::pruners
