// 4x4 Sudoku with unique solutions. All 288 solved grids are enumerated and split, so that the
// grids of the test split are never seen in training; a puzzle removes cells in a random order, as
// long as the solution stays unique, down to `givens`. Tokens 0 (empty) and 1 … 4; label = digit
// - 1.
#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

using Grid = std::array<int, 16>;

bool fits(const Grid& grid, int at, int digit) {
  const int row = at / 4, column = at % 4;
  for (int i = 0; i < 4; ++i) {
    const int box = (row / 2 * 2 + i / 2) * 4 + column / 2 * 2 + i % 2;
    for (const int other : {row * 4 + i, i * 4 + column, box})
      if (other != at && grid[static_cast<std::size_t>(other)] == digit) return false;
  }
  return true;
}

// Calls `use` with every solution; stops when it returns false.
template <class Use>
bool solve(Grid& grid, const Use& use) {
  const auto empty = std::find(grid.begin(), grid.end(), 0);
  if (empty == grid.end()) return use(grid);
  const int at = static_cast<int>(empty - grid.begin());
  for (int digit = 1; digit <= 4; ++digit) {
    if (!fits(grid, at, digit)) continue;
    grid[static_cast<std::size_t>(at)] = digit;
    const bool more = solve(grid, use);
    grid[static_cast<std::size_t>(at)] = 0;
    if (!more) return false;
  }
  return true;
}

bool unique(Grid grid) {
  int found = 0;
  solve(grid, [&](const Grid&) { return ++found < 2; });
  return found == 1;
}

struct Sudoku final : Dataset {
  static constexpr Info kInfo{"sudoku", 1, "4x4 Sudoku puzzles with unique solutions."};
  int puzzles = 4000;
  int givens = 6;
  int draw = 0;

  static void params(Params<Sudoku>& p) {
    p.add("puzzles", &Sudoku::puzzles)
        .range(10, 1e6)
        .unit("puzzles")
        .doc("80% train, 10% valid, 10% test.");
    p.add("givens", &Sudoku::givens)
        .range(4, 15)
        .unit("cells")
        .doc("Left, where the solution stays unique; else a few more.");
    p.add("draw", &Sudoku::draw).at_least(0).doc("Which of the seeded draws.");
  }

  Grid puzzle(const Grid& solution, Stream& stream) const {
    Grid out = solution;
    int left = 16;
    for (const int at : stream.permutation(16)) {
      if (left == givens) break;
      Grid fewer = out;
      fewer[static_cast<std::size_t>(at)] = 0;
      if (!unique(fewer)) continue;
      out = fewer;
      --left;
    }
    return out;
  }

  Examples make_split(std::span<const Grid> solutions, int count, Stream stream) const {
    Examples out;
    out.count = count;
    for (int i = 0; i < count; ++i) {
      const Grid& solution = solutions[stream.below(solutions.size())];
      const Grid given = puzzle(solution, stream);
      out.tokens.insert(out.tokens.end(), given.begin(), given.end());
      for (const int digit : solution) out.labels.push_back(digit - 1);
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    std::vector<Grid> all;
    Grid empty{};
    solve(empty, [&](const Grid& grid) {
      all.push_back(grid);
      return true;
    });
    const Stream stream(0, static_cast<std::uint64_t>(draw), "sudoku", "draw");
    stream.fork("grids").shuffle(all);
    auto out = std::make_shared<Data>();
    out->name = "sudoku";
    out->format = {true, 16, 5, 16, 4};
    out->symbols = {".", "1", "2", "3", "4"};
    const int tenth = puzzles / 10;
    const std::span<const Grid> grids(all);
    out->train = make_split(grids.first(230), puzzles - 2 * tenth, stream.fork("train"));
    out->valid = make_split(grids.subspan(230, 29), tenth, stream.fork("valid"));
    out->test = make_split(grids.subspan(259), tenth, stream.fork("test"));
    return out;
  }
};
ASSAY_REGISTER(Dataset, Sudoku);

}  // namespace
}  // namespace assay::datasets
