// AutoRound, first named SignRound (Cheng et al. 2023, eq. 3 to 5): for each layer a shift V in
// [-1/2, 1/2] of each rounding and factors alpha, beta in (0, 1] of the upper and lower end of each
// range are learnt by the signs of their gradients,
//   W' = s (clip(round(W / s + V) + z) - z), s = (alpha max - beta min) / (2^b - 1),
//   z = round(-beta min / s), minimising ||W X - W' X||²,
// roundings passed straight through, by steps that fall linearly from 1 / 200 to 0; the numbers
// with the least error seen are given back. Symmetric levels have alpha alone. Departures: the
// paper reconstructs a block of a transformer at once and draws 8 examples for each step, here it
// is a layer and all calibration examples, by the Gram matrix of its inputs, which are those that
// the layers quantized before give; and ranges begin at their outermost levels.
#include <algorithm>
#include <cmath>

#include "components/nn/kernels.h"
#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/pruners/second_order.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

constexpr double kLeastRange = 0.01;  // of alpha and beta: a range of nothing has no levels

double sign(double x) {
  return x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0;
}

// A run of weights that shares a scale: how many steps its range reaches above and below 0 at
// first, and the factors of the two.
struct Range {
  std::size_t first = 0, last = 0;
  double step = 0.0, above = 0.0, below = 0.0;
  double alpha = 1.0, beta = 1.0;

  double levels() const { return above + below; }
  double now() const { return step * (alpha * above + beta * below) / levels(); }
  double zero() const { return std::round(beta * below * step / now()); }
};

// The choice for one layer.
class SignedRounding {
 public:
  SignedRounding(const nn::Parameter& weight, const Grid& grid, const Square& gram)
      : weight_(weight),
        gram_(gram),
        symmetric_(grid.symmetric),
        w_(numbers_of(weight)),
        shift_(w_.size()),
        rounded_(w_.size()),
        change_(w_.size()),
        slope_(w_.size()) {
    const std::vector<Scale> scales = grid.fit_all(weight, w_);
    const auto columns = static_cast<std::size_t>(weight.value.shape().back());
    const double levels = (1 << grid.bits) - (grid.symmetric ? 2 : 1);
    for (std::size_t first = 0; first < w_.size();) {
      const Scale& scale = scales[first];
      const double below = grid.symmetric ? levels / 2 : scale.zero;
      const std::size_t size = run_length(grid.granularity, grid.group, first, columns, w_.size());
      ranges_.push_back({first, first + size, scale.step, levels - below, below});
      first += size;
    }
  }

  // Rounds as things are; gives the squared change of all outputs.
  double round() {
    for (const Range& range : ranges_)
      for (std::size_t i = range.first; i < range.last; ++i) {
        rounded_[i] = open(range, i) ? (level(range, i) - zero(range)) * range.now() : 0.0;
        change_[i] = rounded_[i] - w_[i];
      }
    const int n = gram_.size, rows = static_cast<int>(w_.size()) / n;
    nn::product<double>({change_.data(), n}, {gram_.numbers.data(), n}, {slope_.data(), n}, rows, n,
                        n, 1.0, false);
    double error = 0.0;
    for (std::size_t i = 0; i < w_.size(); ++i) error += change_[i] * slope_[i];
    return error;
  }
  const std::vector<double>& rounded() const { return rounded_; }

  // Against the signs of the gradients where round() left things.
  void step(double size, bool ranges) {
    for (Range& range : ranges_) {
      double by_step = 0.0, by_low = 0.0;
      for (std::size_t i = range.first; i < range.last; ++i) {
        if (!open(range, i)) continue;
        const bool inside = inside_range(range, i);
        const double multiple = level(range, i) - zero(range);
        by_step += slope_[i] * (multiple - bound_to(range, i, inside) / range.now());
        if (!inside && !symmetric_) by_low += slope_[i];
        shifts(i, inside ? size * sign(slope_[i]) : 0.0);
      }
      if (ranges && range.step > 0) move(range, size, by_step, by_low);
    }
  }

 private:
  bool open(const Range& range, std::size_t i) const {
    return range.step > 0 && there(weight_, static_cast<std::int64_t>(i));
  }
  double zero(const Range& range) const { return symmetric_ ? range.below : range.zero(); }
  double unclipped(const Range& range, std::size_t i) const {
    const double x = w_[i] / range.now() + shift_[i];
    return (symmetric_ ? std::nearbyint(x) : std::round(x)) + zero(range);
  }
  double level(const Range& range, std::size_t i) const {
    return std::clamp(unclipped(range, i), 0.0, range.levels());
  }
  bool inside_range(const Range& range, std::size_t i) const {
    const double x = unclipped(range, i);
    return x >= 0.0 && x <= range.levels();
  }
  // What the multiple of the step is a rounding of, over the step: the weight, or, where the weight
  // is clipped, the lower end, through z.
  double bound_to(const Range& range, std::size_t i, bool inside) const {
    if (inside) return w_[i];
    return symmetric_ ? 0.0 : -range.beta * range.below * range.step;
  }
  void shifts(std::size_t i, double by) { shift_[i] = std::clamp(shift_[i] - by, -0.5, 0.5); }

  // d step / d alpha = step above / levels, and as much for beta, which moves the lower end too.
  void move(Range& range, double size, double by_step, double by_low) const {
    const auto against = [size](double& factor, double gradient) {
      factor = std::clamp(factor - size * sign(gradient), kLeastRange, 1.0);
    };
    against(range.alpha, by_step * range.above);
    if (symmetric_)
      range.beta = range.alpha;
    else
      against(range.beta, range.below * (by_step / range.levels() - by_low));
  }

  const nn::Parameter& weight_;
  const Square& gram_;
  bool symmetric_;
  std::vector<double> w_, shift_, rounded_, change_, slope_;
  std::vector<Range> ranges_;
};

struct AutoRound final : Quantizer, Grid, LayerChoice {
  static constexpr Info kInfo{
      "auto-round", 1, "Learns shifts of roundings and ends of ranges by the signs of gradients.",
      "Cheng et al. 2023, arXiv:2309.05516, section 3"};
  static constexpr std::string_view kExample = "steps = 20, lr = 0.05";
  int steps = 200;
  double lr = 0.005;
  bool ranges = true;

  AutoRound() {
    bits = 4;
    granularity = Granularity::kGroup;
    group = 128;
    symmetric = false;
  }
  static void params(Params<AutoRound>& p) {
    Grid::params(p);
    p.add("steps", &AutoRound::steps)
        .range(0, 1e6)
        .unit("steps")
        .doc("For each layer; with 0 it rounds to nearest.")
        .source("Cheng et al. 2023, section 4.1");
    p.add("lr", &AutoRound::lr)
        .above(0)
        .at_most(1)
        .doc("Size of the first step; the last one's is 0.")
        .source("Cheng et al. 2023, section 4.1: 1 / steps");
    p.add("ranges", &AutoRound::ranges)
        .doc("Whether ends of ranges are learnt besides shifts.")
        .source("Cheng et al. 2023, section 3");
    LayerChoice::params(p);
  }
  std::string check() const override {
    return signs_only() ? "bits: of 1 bit with symmetric levels nothing is there to learn" : "";
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      const Square gram = input_gram(model, calibration, layer_of(*p), p->value.shape().back());
      set_numbers(*p, learn(SignedRounding(*p, *this, gram)));
      p->bits = stored_bits(p->value.shape());
    }
  }

 private:
  std::vector<double> learn(SignedRounding rounding) const {
    double least = rounding.round();
    std::vector<double> best = rounding.rounded();
    for (int step = 0; step < steps; ++step) {
      rounding.step(lr * (1.0 - static_cast<double>(step) / steps), ranges);
      const double error = rounding.round();
      if (error >= least) continue;
      least = error;
      best = rounding.rounded();
    }
    return best;
  }
};
ASSAY_REGISTER(Quantizer, AutoRound);

}  // namespace
}  // namespace assay::quantizers
