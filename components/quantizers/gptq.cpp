// GPTQ (Frantar et al. 2022, algorithm 1): layer by layer, with the inputs that the layers
// quantized before it give. H = X Xᵀ + damping, H⁻¹ = Uᵀ U. Columns go from left to right, or from
// the largest diagonal of H to the smallest (the authors' "act-order"); column j is rounded, and
// what that leaves undone, e = (w_j - q_j) / U_jj, is made up for by the columns after it: w_k -= e
// U_jk. Blocks update the columns behind them at once, which changes only the order of the sums. A
// group's scale is fitted where its first column is reached, to weights as they then are; in the
// order of activations it is fitted before all else, as in the authors' static groups, so that
// groups stay stretches of a row. Pruned weights are rounded to 0 and made up for as others are. An
// input that is always 0 has only the damping on its diagonal; the authors' code sets its weights
// to 0, here they are rounded.
#include <algorithm>
#include <numeric>

#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/pruners/second_order.h"
#include "components/quantizers/grid.h"
#include "components/quantizers/quantizer.h"

namespace assay::quantizers {
namespace {

struct Gptq final : Quantizer, Grid, LayerChoice {
  enum class Order { kNatural, kActivation };
  static constexpr Info kInfo{"gptq", 1, "Rounds column by column and repairs those that follow.",
                              "Frantar et al. 2022, arXiv:2210.17323, algorithm 1"};
  Order order = Order::kNatural;
  double damping = 0.01;
  int block = 128;

  Gptq() { bits = 4; }
  static void params(Params<Gptq>& p) {
    Grid::params(p);
    p.add("order", &Gptq::order, {"natural", "activation"})
        .doc("Of the columns: as they are, or those of the largest inputs first.");
    p.add("damping", &Gptq::damping)
        .above(0)
        .doc("Added to the diagonal of the Hessian, times its mean.")
        .source("Frantar et al. 2022, section 3.3");
    p.add("block", &Gptq::block)
        .range(1, 65536)
        .unit("columns")
        .doc("After which the columns behind are updated.")
        .source("Frantar et al. 2022, section 3.3");
    LayerChoice::params(p);
  }
  bool idempotent() const override { return false; }

  void quantize(TrainedModel& model, const Examples& calibration,
                Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      Square hessian = input_gram(model, calibration, layer_of(*p), p->value.shape().back());
      const std::vector<int> columns = ordered(hessian);
      damp(hessian, damping);
      quantize_layer(*p, inverse_factor(permuted(hessian, columns)), columns);
      p->bits = stored_bits(p->value.shape());
    }
  }

 private:
  std::vector<int> ordered(const Square& hessian) const {
    std::vector<int> out(static_cast<std::size_t>(hessian.size));
    std::iota(out.begin(), out.end(), 0);
    if (order == Order::kActivation)
      std::stable_sort(out.begin(), out.end(),
                       [&](int a, int b) { return hessian.at(a, a) > hessian.at(b, b); });
    return out;
  }
  static Square permuted(const Square& hessian, const std::vector<int>& order) {
    Square out(hessian.size);
    for (int i = 0; i < out.size; ++i)
      for (int j = 0; j < out.size; ++j)
        out.at(i, j) =
            hessian.at(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(j)]);
    return out;
  }

  void quantize_layer(nn::Parameter& p, const Square& U, const std::vector<int>& columns) const {
    std::vector<double> w = numbers_of(p);
    std::vector<Scale> scales = fit_all(p, w);
    const std::size_t width = columns.size();
    std::vector<double> row(width);
    for (std::size_t first = 0; first < w.size(); first += width) {
      for (std::size_t j = 0; j < width; ++j)
        row[j] = w[first + static_cast<std::size_t>(columns[j])];
      quantize_row(p, first, row, std::span(scales).subspan(first, width), U, columns);
      for (std::size_t j = 0; j < width; ++j)
        w[first + static_cast<std::size_t>(columns[j])] = row[j];
    }
    set_numbers(p, w);
  }

  // `row` in the order of `columns`, `scales` in that of the weight, whose row begins at `first`.
  void quantize_row(const nn::Parameter& p, std::size_t first, std::span<double> row,
                    std::span<Scale> scales, const Square& U,
                    const std::vector<int>& columns) const {
    const int width = U.size;
    std::vector<double> undone(row.size());
    for (int from = 0, to = 0; from < width; from = to) {
      to = block_end(from, width);
      for (int j = from; j < to; ++j) {
        const auto at = static_cast<std::size_t>(j);
        const auto column = static_cast<std::size_t>(columns[at]);
        if (begins_group(column)) refit(p, first, row, scales, column);
        const bool kept = there(p, static_cast<std::int64_t>(first + column));
        const double q = kept ? round(row[at], scales[column]) : 0.0;
        undone[at] = (row[at] - q) / U.at(j, j);
        spread_error(row, U, j, undone[at], j + 1, to);
        row[at] = q;
      }
      for (int j = from; j < to; ++j)
        spread_error(row, U, j, undone[static_cast<std::size_t>(j)], to, width);
    }
  }

  // No group whose scale is fitted on the way lies in two blocks without beginning the second: its
  // weights would lack updates.
  int block_end(int from, int width) const {
    int to = std::min(from + block, width);
    for (int j = from + 1; j < to; ++j)
      if (begins_group(static_cast<std::size_t>(j))) to = j;
    return to;
  }
  bool begins_group(std::size_t column) const {
    return order == Order::kNatural && granularity == Granularity::kGroup &&
           column % static_cast<std::size_t>(group) == 0;
  }
  void refit(const nn::Parameter& p, std::size_t first, std::span<const double> row,
             std::span<Scale> scales, std::size_t column) const {
    const std::size_t last = std::min(column + static_cast<std::size_t>(group), row.size());
    std::vector<double> kept;
    for (std::size_t i = column; i < last; ++i)
      if (there(p, static_cast<std::int64_t>(first + i))) kept.push_back(row[i]);
    const Scale scale = fit(kept);
    for (std::size_t i = column; i < last; ++i) scales[i] = scale;
  }
};
ASSAY_REGISTER(Quantizer, Gptq);

}  // namespace
}  // namespace assay::quantizers
