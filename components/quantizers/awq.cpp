// AWQ (Lin et al. 2023, eq. 4 and 5): columns whose inputs are large are scaled up before rounding,
// W' = Q(W diag(s)) diag(s)⁻¹ with s_j = mean|x_j|^a, so that they lose less; a is that of a grid
// over 0 … 1 that changes the layer's outputs on the calibration examples least. Here the division
// by s is folded into the stored weights' scales, 16 bits for each column, where the paper folds it
// into the layer before. As the authors' code does, s is divided by sqrt(max s min s). Two
// departures: inputs are those that the layers quantized before give, and clip = "mse" looks at
// weights where the paper's clipping looks at outputs.
#include <algorithm>
#include <cmath>

#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/inputs.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

struct Awq final : Quantizer, Grid, LayerChoice {
  static constexpr Info kInfo{"awq", 1, "Rounds after scaling columns up by the size of inputs.",
                              "Lin et al. 2023, arXiv:2306.00978, section 3.2"};
  int grid = 20;

  Awq() {
    bits = 4;
    granularity = Granularity::kGroup;
    group = 128;
    symmetric = false;
  }
  static void params(Params<Awq>& p) {
    Grid::params(p);
    p.add("grid", &Awq::grid)
        .range(1, 1000)
        .unit("steps")
        .doc("From 0 to 1 in which the exponent a is sought.")
        .source("Lin et al. 2023, section 5.1");
    LayerChoice::params(p);
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      quantize_layer(*p, input_gram(model, calibration, layer_of(*p), p->value.shape().back()),
                     mean_sizes(model, calibration, *p));
      p->bits =
          stored_bits(p->value.shape()) + kScaleBits / static_cast<double>(p->value.shape().rows());
    }
  }

 private:
  // Mean magnitude of each input; ones where nothing reaches the layer.
  static std::vector<double> mean_sizes(const TrainedModel& model, const Examples& calibration,
                                        const nn::Parameter& p) {
    const auto width = static_cast<std::size_t>(p.value.shape().back());
    const nn::Tensor x = layer_inputs(model, calibration, layer_of(p), p.value.shape().back());
    if (x.empty()) return std::vector<double>(width, 1.0);
    std::vector<double> out(width);
    for (std::int64_t i = 0; i < x.count(); ++i)
      out[static_cast<std::size_t>(i) % width] +=
          std::abs(x.get(i)) / static_cast<double>(x.shape().rows());
    return out;
  }

  void quantize_layer(nn::Parameter& p, const Square& gram,
                      const std::vector<double>& sizes) const {
    const std::vector<double> w = numbers_of(p);
    std::vector<double> best, change(w.size());
    double least = 0.0;
    for (int step = 0; step <= grid; ++step) {
      std::vector<double> tried = scaled_rounding(p, w, sizes, static_cast<double>(step) / grid);
      for (std::size_t i = 0; i < w.size(); ++i) change[i] = tried[i] - w[i];
      const double error = output_error(change, gram);
      if (!best.empty() && error >= least) continue;
      least = error;
      best = std::move(tried);
    }
    set_numbers(p, best);
  }

  std::vector<double> scaled_rounding(const nn::Parameter& p, std::vector<double> w,
                                      const std::vector<double>& sizes, double exponent) const {
    constexpr double kLeast = 1e-4;  // of an input that is always 0; the authors' code
    const std::size_t width = sizes.size();
    std::vector<double> s(width);
    for (std::size_t j = 0; j < width; ++j) s[j] = std::max(std::pow(sizes[j], exponent), kLeast);
    const auto [low, high] = std::minmax_element(s.begin(), s.end());
    const double middle = std::sqrt(*low * *high);
    for (double& x : s) x /= middle;
    for (std::size_t i = 0; i < w.size(); ++i) w[i] *= s[i % width];
    round_all(p, w);
    for (std::size_t i = 0; i < w.size(); ++i)
      w[i] = there(p, static_cast<std::int64_t>(i)) ? w[i] / s[i % width] : 0.0;
    return w;
  }
};
ASSAY_REGISTER(Quantizer, Awq);

}  // namespace
}  // namespace assay::quantizers
