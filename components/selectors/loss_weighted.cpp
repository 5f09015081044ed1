// Draws examples with probability proportional to their last known loss to a power, with
// replacement. Losses are those of the labels (or targets) under the model, without dropout,
// computed for all examples at the start and again every `refresh` steps. With `importance` the
// loss of an example counts 1 / (n p) times, n examples being drawn with probabilities p, so that
// the gradient is unbiased, of the mean over the data (Katharopoulos and Fleuret 2018, who
// bound gradients rather than take losses). Without, the minibatch loss is the plain mean:
// training leans to what is hard, wrong labels included. A part `uniform` of all draws takes no
// look at losses, p = (1 - u) p + u / n, which bounds the weights by 1 / u, and draws examples
// whose loss was 0 when it was last computed, too (Needell et al. 2014, whose u is 1/2).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

class WeightedOrder final : public DrawnOrder {
 public:
  WeightedOrder(const Pool& pool, const Stream& stream, int batch, double power, int refresh,
                double uniform, bool importance, std::string_view name)
      : DrawnOrder(pool, stream, batch),
        power_(power),
        refresh_(refresh > 0 ? refresh : std::max(1, pool.examples.count / std::max(1, batch))),
        uniform_(uniform),
        importance_(importance),
        name_(name) {}
  std::span<const double> weights() const override { return weights_; }
  void save(Archive& out) const override {
    if (losses_.empty()) return;
    out.put<double>("selector.losses", losses_, {static_cast<std::int64_t>(losses_.size())});
  }
  void load(const Archive& in, int steps) override {
    DrawnOrder::load(in, steps);
    if (!in.has("selector.losses")) return;
    const auto saved = in.array("selector.losses").as<double>();
    losses_.assign(saved.begin(), saved.end());
    accumulate();
  }

 private:
  void draw(std::vector<int>& rows, int step, double /*progress*/, Stream stream) override {
    if (until_.empty() || step % refresh_ == 0) {
      losses_ = losses(pool(), name_);
      accumulate();
    }
    for (int& row : rows) {
      const auto at =
          std::upper_bound(until_.begin(), until_.end(), stream.uniform() * until_.back());
      row = static_cast<int>(
          std::min(at - until_.begin(), static_cast<std::ptrdiff_t>(until_.size()) - 1));
    }
    if (importance_) weigh(rows);
  }
  // Where nothing has a loss, all examples are alike.
  void accumulate() {
    until_.clear();
    const bool any = std::any_of(losses_.begin(), losses_.end(), [](double x) { return x > 0; });
    masses_.clear();
    for (const double loss : losses_)
      masses_.push_back(any ? std::pow(std::max(loss, 0.0), power_) : 1.0);
    if (uniform_ > 0.0) {
      const double all = std::accumulate(masses_.begin(), masses_.end(), 0.0);
      const auto n = static_cast<double>(masses_.size());
      for (double& mass : masses_) mass = (1.0 - uniform_) * mass / all + uniform_ / n;
    }
    double total = 0.0;
    for (const double mass : masses_) until_.push_back(total += mass);
  }
  void weigh(const std::vector<int>& rows) {
    weights_.clear();
    const double mean = until_.back() / static_cast<double>(until_.size());
    for (const int row : rows) weights_.push_back(mean / masses_[static_cast<std::size_t>(row)]);
  }

  double power_;
  int refresh_;
  double uniform_;
  bool importance_;
  std::string name_;
  std::vector<double> losses_, masses_, until_, weights_;
};

struct LossWeighted final : Selector {
  static constexpr Info kInfo{"loss-weighted", 1, "Draws examples by their last loss.",
                              "Katharopoulos and Fleuret 2018, arXiv:1803.00942 (the loss "
                              "as importance, which they compare with)",
                              true};
  double power = 1.0;
  int refresh = 0;
  double uniform = 0.0;
  bool importance = false;

  static void params(Params<LossWeighted>& p) {
    p.add("power", &LossWeighted::power).range(0, 10).doc("Of the loss; 0 draws all alike.");
    p.add("refresh", &LossWeighted::refresh)
        .range(0, 1e8)
        .unit("steps")
        .doc("After which losses are computed again; 0: as many as an epoch has.");
    p.add("uniform", &LossWeighted::uniform)
        .range(0, 1)
        .doc("Part of the draws to which all examples are alike.")
        .source("Needell et al. 2014, arXiv:1310.5715")
        .since(2);
    p.add("importance", &LossWeighted::importance)
        .doc("Losses count 1 / (n p) times, against the bias of the draws.")
        .source("Katharopoulos and Fleuret 2018")
        .since(2);
  }
  bool weighs() const override { return importance; }

  std::unique_ptr<BatchOrder> order(const Pool& pool, const Stream& stream,
                                    int batch) const override {
    return std::make_unique<WeightedOrder>(pool, stream, batch, power, refresh, uniform, importance,
                                           kInfo.name);
  }
};
ASSAY_REGISTER(Selector, LossWeighted);

}  // namespace
}  // namespace assay::selectors
