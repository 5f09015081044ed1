// A 4x4 grid counts where every row, column and box holds 1 … 4 and the givens are kept.
#include <algorithm>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct SolvedFraction final : Metric {
  static constexpr Info kInfo{"solved-fraction", 1, "Share of Sudoku grids that are solved.", ""};
  std::string_view needs() const override { return "samples"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Samples& s = *e.samples;
    if (s.width != 16 || !s.values.empty() || s.prompts.size() != s.tokens.size())
      throw std::runtime_error("solved-fraction needs 4x4 Sudoku grids");
    double solved = 0.0;
    for (int g = 0; g < s.count; ++g) {
      const auto* grid = s.tokens.data() + std::ptrdiff_t{g} * 16;
      const auto* given = s.prompts.data() + std::ptrdiff_t{g} * 16;
      bool good = std::all_of(grid, grid + 16, [](int token) { return 1 <= token && token <= 4; });
      for (int i = 0; good && i < 4; ++i) {
        int row = 0, column = 0, box = 0;
        for (int j = 0; j < 4; ++j) {
          row |= 1 << grid[i * 4 + j];
          column |= 1 << grid[j * 4 + i];
          box |= 1 << grid[(i / 2 * 2 + j / 2) * 4 + i % 2 * 2 + j % 2];
        }
        good = good && row == 30 && column == 30 && box == 30;
      }
      for (int i = 0; i < 16; ++i) good = good && (given[i] == 0 || given[i] == grid[i]);
      solved += good ? 1.0 : 0.0;
    }
    sink("solved-fraction", s.count ? solved / s.count : 0.0);
  }
};
ASSAY_REGISTER(Metric, SolvedFraction);

}  // namespace
}  // namespace assay::metrics
