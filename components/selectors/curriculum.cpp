// Easy examples first: at progress t, from 0 to 1, minibatches are drawn without replacement from
// the share min(1, start + (1 - start) t / full) of the examples that are easiest, one batch at
// least (Bengio et al. 2009; the pacing function of Hacohen and Weinshall 2019, here linear).
// Difficulty is the distance of the features from the mean of their class, or the loss under the
// model as it is before the first step, which says something only where the model was trained
// before (stage finetune).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "components/selectors/selector.h"

namespace assay::selectors {
namespace {

std::vector<double> distances(const Pool& pool, std::string_view name) {
  const nn::Tensor& x = pool.examples.features;
  if (x.empty()) throw std::runtime_error(std::string(name) + ": distances need features");
  std::vector<double> out(static_cast<std::size_t>(pool.examples.count));
  const int width = x.shape().back();
  for (const std::vector<int>& rows : rows_by_class(pool, name)) {
    for (int j = 0; j < width; ++j) {
      double mean = 0.0;
      for (const int row : rows) mean += x.at(row, j) / static_cast<double>(rows.size());
      for (const int row : rows)
        out[static_cast<std::size_t>(row)] += std::pow(x.at(row, j) - mean, 2);
    }
  }
  return out;
}

class PacedOrder final : public DrawnOrder {
 public:
  struct Options {
    bool by_loss, reverse;
    double start, full;
  };
  PacedOrder(const Pool& pool, const Stream& stream, int batch, Options options,
             std::string_view name)
      : DrawnOrder(pool, stream, batch),
        options_(options),
        name_(name) {}
  void save(Archive& out) const override {
    if (order_.empty()) return;
    out.put<std::int32_t>("selector.order", order_, {static_cast<std::int64_t>(order_.size())});
  }
  void load(const Archive& in, int steps) override {
    DrawnOrder::load(in, steps);
    if (!in.has("selector.order")) return;
    const auto saved = in.array("selector.order").as<std::int32_t>();
    order_.assign(saved.begin(), saved.end());
  }

 private:
  void draw(std::vector<int>& rows, int /*step*/, double progress, Stream stream) override {
    if (order_.empty()) sort();
    const double share =
        std::min(1.0, options_.start + (1.0 - options_.start) * progress / options_.full);
    const auto open =
        std::max(rows.size(), static_cast<std::size_t>(share * static_cast<double>(order_.size())));
    // The first places of a random order of those that are open.
    now_.assign(order_.begin(), order_.begin() + static_cast<std::ptrdiff_t>(open));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::swap(now_[i], now_[i + stream.below(open - i)]);
      rows[i] = now_[i];
    }
  }
  void sort() {
    const std::vector<double> difficulty =
        options_.by_loss ? losses(pool(), name_) : distances(pool(), name_);
    order_.resize(difficulty.size());
    std::iota(order_.begin(), order_.end(), 0);
    std::stable_sort(order_.begin(), order_.end(), [&](int a, int b) {
      const double x = difficulty[static_cast<std::size_t>(a)],
                   y = difficulty[static_cast<std::size_t>(b)];
      return options_.reverse ? x > y : x < y;
    });
  }

  Options options_;
  std::string name_;
  std::vector<std::int32_t> order_, now_;  // the easiest first
};

struct Curriculum final : Selector {
  enum class Difficulty { kDistance, kLoss };
  static constexpr Info kInfo{"curriculum", 1, "Shows easy examples first.",
                              "Bengio et al. 2009 (ICML); pacing: Hacohen and Weinshall 2019, "
                              "arXiv:1904.03626, section 2",
                              true};
  Difficulty difficulty = Difficulty::kDistance;
  double start = 0.2;
  double full = 0.5;
  bool reverse = false;

  static void params(Params<Curriculum>& p) {
    p.add("difficulty", &Curriculum::difficulty, {"distance", "loss"})
        .doc("Distance of the features from their class's mean, or the loss of the first model.");
    p.add("start", &Curriculum::start).range(0, 1).doc("Share of the examples at the start.");
    p.add("full", &Curriculum::full)
        .above(0)
        .at_most(1)
        .doc("Share of training after which all examples are shown.");
    p.add("reverse", &Curriculum::reverse).doc("Difficult examples first.");
  }

  std::unique_ptr<BatchOrder> order(const Pool& pool, const Stream& stream,
                                    int batch) const override {
    return std::make_unique<PacedOrder>(
        pool, stream, batch,
        PacedOrder::Options{difficulty == Difficulty::kLoss, reverse, start, full}, kInfo.name);
  }
};
ASSAY_REGISTER(Selector, Curriculum);

}  // namespace
}  // namespace assay::selectors
