// A Sudoku grid (4x4, 6x6 with boxes of 2 rows and 3 columns, or 9x9) counts where every row,
// column and box holds each digit and the givens are kept.
#include <algorithm>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct SolvedFraction final : Metric {
  static constexpr Info kInfo{"solved-fraction", 1, "Share of Sudoku grids that are solved.", ""};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "samples"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Samples& s = *e.samples;
    const int side = s.width == 16 ? 4 : s.width == 36 ? 6 : s.width == 81 ? 9 : 0;
    if (side == 0 || !s.values.empty() || s.prompts.size() != s.tokens.size())
      throw std::runtime_error("solved-fraction needs 4x4, 6x6 or 9x9 Sudoku grids");
    double solved = 0.0;
    for (int g = 0; g < s.count; ++g) {
      const auto* grid = s.tokens.data() + std::ptrdiff_t{g} * s.width;
      const auto* given = s.prompts.data() + std::ptrdiff_t{g} * s.width;
      bool good = is_solved(grid, side);
      for (int i = 0; i < s.width; ++i) good = good && (given[i] == 0 || given[i] == grid[i]);
      solved += good ? 1.0 : 0.0;
    }
    sink("solved-fraction", s.count ? solved / s.count : 0.0);
  }

 private:
  static bool is_solved(const std::int32_t* grid, int side) {
    const int tall = side == 9 ? 3 : 2, wide = side / tall;
    if (!std::all_of(grid, grid + side * side, [&](int d) { return 1 <= d && d <= side; }))
      return false;
    for (int i = 0; i < side; ++i) {
      int row = 0, column = 0, box = 0;
      for (int j = 0; j < side; ++j) {
        const int top = i / tall * tall + j / wide, left = i % tall * wide + j % wide;
        row |= 1 << grid[i * side + j];
        column |= 1 << grid[j * side + i];
        box |= 1 << grid[top * side + left];
      }
      const int all = (2 << side) - 2;
      if (row != all || column != all || box != all) return false;
    }
    return true;
  }
};
ASSAY_REGISTER(Metric, SolvedFraction);

}  // namespace
}  // namespace assay::metrics
