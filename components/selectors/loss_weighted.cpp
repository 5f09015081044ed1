// Draws examples with probability proportional to their last known loss to a power, with
// replacement. Losses are those of the labels (or targets) under the model, without dropout,
// computed for all examples at the start and again every `refresh` steps. The minibatch loss is the
// plain mean: there are no importance weights, so that training no longer minimises the mean over
// the data but leans to what is hard, wrong labels included (Katharopoulos and Fleuret 2018 weight
// by 1 / (n p) against that, and bound gradients rather than take losses).
#include <algorithm>
#include <cmath>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

class WeightedOrder final : public DrawnOrder {
 public:
  WeightedOrder(const Pool& pool, const Stream& stream, int batch, double power, int refresh,
                std::string_view name)
      : DrawnOrder(pool, stream, batch),
        power_(power),
        refresh_(refresh > 0 ? refresh : std::max(1, pool.examples.count / std::max(1, batch))),
        name_(name) {}
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
  }
  // Where nothing has a loss, all examples are alike.
  void accumulate() {
    until_.clear();
    const bool any = std::any_of(losses_.begin(), losses_.end(), [](double x) { return x > 0; });
    double total = 0.0;
    for (const double loss : losses_)
      until_.push_back(total += any ? std::pow(std::max(loss, 0.0), power_) : 1.0);
  }

  double power_;
  int refresh_;
  std::string name_;
  std::vector<double> losses_, until_;
};

struct LossWeighted final : Selector {
  static constexpr Info kInfo{"loss-weighted", 1, "Draws examples by their last loss.",
                              "Katharopoulos and Fleuret 2018, arXiv:1803.00942 (the loss "
                              "as importance, which they compare with)",
                              true};
  double power = 1.0;
  int refresh = 0;

  static void params(Params<LossWeighted>& p) {
    p.add("power", &LossWeighted::power).range(0, 10).doc("Of the loss; 0 draws all alike.");
    p.add("refresh", &LossWeighted::refresh)
        .range(0, 1e8)
        .unit("steps")
        .doc("After which losses are computed again; 0: as many as an epoch has.");
  }

  std::unique_ptr<BatchOrder> order(const Pool& pool, const Stream& stream,
                                    int batch) const override {
    return std::make_unique<WeightedOrder>(pool, stream, batch, power, refresh, kInfo.name);
  }
};
ASSAY_REGISTER(Selector, LossWeighted);

}  // namespace
}  // namespace assay::selectors
