// SparseGPT (Frantar and Alistarh 2023, algorithm 1): layer by layer, with the inputs that the
// layers pruned before it give. H = X Xᵀ + damping, H⁻¹ = Uᵀ U. Columns go from left to right; at
// the first of each block those of its weights go whose w² / U_jj² is least, and what a weight that
// goes leaves undone, w / U_jj, is made up for by the columns to its right: w_k -= w / U_jj U_jk.
// Blocks update the columns behind them at once, which changes only the order of the sums. Biases
// stay. In each layer the number that goes is exact: each block brings it to the nearest whole one.
// An input that is always 0 has only the damping on its diagonal, so its weights go first; the
// authors' code sets them to 0.
#include "components/pruners/layer_choice.h"
#include "components/pruners/mask.h"
#include "components/pruners/pruner.h"
#include "components/pruners/second_order.h"

namespace assay::pruners {
namespace {

struct SparseGpt final : Pruner, LayerChoice {
  static constexpr Info kInfo{"sparsegpt", 1,
                              "Removes weights block by block and repairs those that stay.",
                              "Frantar and Alistarh 2023, arXiv:2301.00774, algorithm 1"};
  double sparsity = 0.5;
  double damping = 0.01;
  int block = 128;
  int n = 2;
  int m = 0;

  static void params(Params<SparseGpt>& p) {
    p.add("sparsity", &SparseGpt::sparsity).range(0, 1).doc("Fraction of each layer that goes.");
    p.add("damping", &SparseGpt::damping)
        .above(0)
        .doc("Added to the diagonal of the Hessian, times its mean.")
        .source("Frantar and Alistarh 2023, their code");
    p.add("block", &SparseGpt::block)
        .range(1, 65536)
        .unit("columns")
        .doc("In which weights compete.")
        .source("Frantar and Alistarh 2023, section 3.4");
    p.add("n", &SparseGpt::n)
        .range(0, 1024)
        .unit("weights")
        .doc("Kept of each m consecutive inputs of an output.")
        .source("Frantar and Alistarh 2023, section 3.4 (2:4)");
    p.add("m", &SparseGpt::m)
        .range(0, 1024)
        .unit("weights")
        .doc("In a group of which n stay, whatever the sparsity; 0: no groups.");
    LayerChoice::params(p);
  }
  std::string check() const override {
    if (m == 0) return {};
    if (n > m) return "n: no more than m = " + std::to_string(m) + " can be kept";
    return block % m == 0 ? "" : "block: a multiple of m = " + std::to_string(m) + " is needed";
  }
  bool updates_kept() const override { return true; }

  void prune(TrainedModel& model, const Examples& calibration, Stream /*stream*/) const override {
    for (nn::Parameter* p : prunable(model)) {
      Square hessian = input_gram(model, calibration, layer_of(*p), p->value.shape().back());
      damp(hessian, damping);
      prune_layer(*p, inverse_factor(hessian));
    }
  }

 private:
  // One layer's weight in double while it is worked on: rows x columns.
  struct Work {
    nn::Parameter& parameter;
    const Square& U;
    int rows, columns;
    std::vector<double> weights;
    std::int64_t chosen = 0;  // in the blocks so far

    Work(nn::Parameter& p, const Square& factor)
        : parameter(p),
          U(factor),
          rows(static_cast<int>(p.value.shape().rows())),
          columns(p.value.shape().back()) {
      for (std::int64_t i = 0; i < p.value.count(); ++i) weights.push_back(p.value.get(i));
      ensure_mask(p);
    }
    std::int64_t place(int row, int column) const { return std::int64_t{row} * columns + column; }
    double& weight(int row, int column) {
      return weights[static_cast<std::size_t>(place(row, column))];
    }
    std::span<double> row(int r) {
      return std::span(weights).subspan(static_cast<std::size_t>(place(r, 0)),
                                        static_cast<std::size_t>(columns));
    }
    bool gone(int row, int column) const { return !there(parameter, place(row, column)); }
  };

  void prune_layer(nn::Parameter& parameter, const Square& factor) const {
    Work work(parameter, factor);
    for (int first = 0; first < work.columns; first += block)
      prune_block(work, first, std::min(first + block, work.columns));
    for (std::int64_t i = 0; i < parameter.value.count(); ++i)
      parameter.value.set(i, there(parameter, i) ? work.weights[static_cast<std::size_t>(i)] : 0.0);
  }

  void prune_block(Work& work, int first, int last) const {
    std::vector<std::vector<double>> undone(
        static_cast<std::size_t>(last - first),
        std::vector<double>(static_cast<std::size_t>(work.rows)));
    for (int j = first; j < last; ++j) {
      if (m > 0 && j % m == 0) choose_n_of_m(work, j, std::min(j + m, work.columns));
      if (m == 0 && j == first) choose(work, first, last);
      for (int r = 0; r < work.rows; ++r)
        if (work.gone(r, j))
          undone[static_cast<std::size_t>(j - first)][static_cast<std::size_t>(r)] =
              make_up(work, r, j, last);
    }
    for (int r = 0; r < work.rows; ++r)
      for (int j = first; j < last; ++j)
        spread_error(work.row(r), work.U, j,
                     undone[static_cast<std::size_t>(j - first)][static_cast<std::size_t>(r)], last,
                     work.columns);
  }

  // Takes weight (row, j) away, makes up for it as far as `last`, and gives what is undone.
  static double make_up(Work& work, int row, int j, int last) {
    const double error = work.weight(row, j) / work.U.at(j, j);
    spread_error(work.row(row), work.U, j, error, j, last);
    return error;
  }

  static Candidate candidate(Work& work, int row, int column) {
    const double ratio = work.weight(row, column) / work.U.at(column, column);
    return {score_or_gone(work.parameter, work.place(row, column), ratio * ratio), 0,
            work.place(row, column)};
  }
  void choose(Work& work, int first, int last) const {
    std::vector<Candidate> pool;
    for (int r = 0; r < work.rows; ++r)
      for (int c = first; c < last; ++c) pool.push_back(candidate(work, r, c));
    const std::int64_t count = share(sparsity, std::int64_t{work.rows} * last) - work.chosen;
    remove_lowest({&work.parameter}, pool, count);
    work.chosen += count;
  }
  void choose_n_of_m(Work& work, int first, int last) const {
    for (int r = 0; r < work.rows; ++r) {
      std::vector<Candidate> pool;
      for (int c = first; c < last; ++c) pool.push_back(candidate(work, r, c));
      remove_lowest({&work.parameter}, pool, last - first - std::min(n, last - first));
    }
  }
};
ASSAY_REGISTER(Pruner, SparseGpt);

}  // namespace
}  // namespace assay::pruners
