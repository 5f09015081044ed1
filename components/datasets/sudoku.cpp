// Sudoku with unique solutions: 4x4, 6x6 (boxes of 2 rows and 3 columns) or 9x9. A puzzle removes
// cells in a random order, as long as the solution stays unique, down to `givens`. Tokens 0 (empty)
// and the digits; label = digit - 1. Grids of the test split are never seen in training: all 288 of
// 4x4 are enumerated and split; larger ones are filled cell by cell, digits in a random order at
// each (which is not quite uniform over all grids), and drawn again where another split has them.
#include <algorithm>
#include <bit>
#include <set>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

enum class Size { kFour, kSix, kNine };

using Grid = std::vector<std::int32_t>;  // side x side, 0 empty

class Rules {
 public:
  explicit Rules(Size size)
      : side_(size == Size::kFour  ? 4
              : size == Size::kSix ? 6
                                   : 9),
        tall_(side_ == 9 ? 3 : 2) {}
  int side() const { return side_; }
  int cells() const { return side_ * side_; }

  // Calls `use` with every solution, empty cells with the fewest digits first; stops when it
  // returns false. `order` gives the digits in the order in which to try them.
  template <class Order, class Use>
  bool solve(Grid& grid, const Order& order, const Use& use) const {
    int cell = -1, fewest = side_ + 1, allowed = 0;
    for (int at = 0; at < cells() && fewest > 1; ++at) {
      if (grid[index(at)] != 0) continue;
      const int free = candidates(grid, at), count = std::popcount(static_cast<unsigned>(free));
      if (count < fewest) cell = at, fewest = count, allowed = free;
    }
    if (cell < 0) return use(grid);
    for (const int digit : order()) {
      if (!(allowed >> digit & 1)) continue;
      grid[index(cell)] = digit;
      const bool more = solve(grid, order, use);
      grid[index(cell)] = 0;
      if (!more) return false;
    }
    return true;
  }
  std::vector<int> digits() const {
    std::vector<int> out;
    for (int digit = 1; digit <= side_; ++digit) out.push_back(digit);
    return out;
  }
  auto ascending() const {
    return [all = digits()]() -> const std::vector<int>& { return all; };
  }
  bool unique(Grid grid) const {
    int found = 0;
    solve(grid, ascending(), [&](const Grid&) { return ++found < 2; });
    return found == 1;
  }

 private:
  static std::size_t index(int at) { return static_cast<std::size_t>(at); }
  // Bit d: digit d fits.
  int candidates(const Grid& grid, int at) const {
    const int row = at / side_, column = at % side_, wide = side_ / tall_;
    int taken = 0;
    for (int i = 0; i < side_; ++i) {
      const int in_box = (row / tall_ * tall_ + i / wide) * side_ + column / wide * wide + i % wide;
      for (const int other : {row * side_ + i, i * side_ + column, in_box})
        taken |= 1 << grid[index(other)];
    }
    return ~taken & ((2 << side_) - 2);
  }

  int side_, tall_;
};

struct Sudoku final : Dataset {
  static constexpr Info kInfo{"sudoku", 2, "Sudoku puzzles with unique solutions."};
  int puzzles = 4000;
  int givens = 6;
  int draw = 0;
  Size size = Size::kFour;

  static void params(Params<Sudoku>& p) {
    p.add("puzzles", &Sudoku::puzzles)
        .range(10, 1e6)
        .unit("puzzles")
        .doc("80% train, 10% valid, 10% test.");
    p.add("givens", &Sudoku::givens)
        .range(4, 80)
        .unit("cells")
        .doc("Left, where the solution stays unique; else a few more.");
    p.add("draw", &Sudoku::draw).at_least(0).doc("Which of the seeded draws.");
    p.add("size", &Sudoku::size, {"4x4", "6x6", "9x9"}).doc("Of the grid.").since(2);
  }
  std::string check() const override {
    const int cells = Rules(size).cells();
    return givens < cells ? ""
                          : "givens = " + std::to_string(givens) + " leave nothing to solve in " +
                                std::to_string(cells) + " cells";
  }

  Grid puzzle(const Rules& rules, const Grid& solution, Stream& stream) const {
    Grid out = solution;
    int left = rules.cells();
    for (const int at : stream.permutation(left)) {
      if (left == givens) break;
      Grid fewer = out;
      fewer[static_cast<std::size_t>(at)] = 0;
      if (!rules.unique(fewer)) continue;
      out = fewer;
      --left;
    }
    return out;
  }

  // `next` gives a solved grid from a stream.
  template <class Next>
  Examples make_split(const Rules& rules, int count, Stream stream, const Next& next) const {
    Examples out;
    out.count = count;
    for (int i = 0; i < count; ++i) {
      const Grid solution = next(stream);
      const Grid given = puzzle(rules, solution, stream);
      out.tokens.insert(out.tokens.end(), given.begin(), given.end());
      for (const int digit : solution) out.labels.push_back(digit - 1);
    }
    return out;
  }

  void enumerate(Data& out, const Rules& rules, const Stream& stream) const {
    std::vector<Grid> all;
    Grid empty(static_cast<std::size_t>(rules.cells()));
    rules.solve(empty, rules.ascending(), [&](const Grid& grid) {
      all.push_back(grid);
      return true;
    });
    std::sort(all.begin(), all.end());
    stream.fork("grids").shuffle(all);
    const auto one_of = [&](std::size_t first, std::size_t count) {
      return [&all, first, count](Stream& from) { return all[first + from.below(count)]; };
    };
    const int tenth = puzzles / 10;
    out.train = make_split(rules, puzzles - 2 * tenth, stream.fork("train"), one_of(0, 230));
    out.valid = make_split(rules, tenth, stream.fork("valid"), one_of(230, 29));
    out.test = make_split(rules, tenth, stream.fork("test"), one_of(259, 29));
  }

  static Grid random_grid(const Rules& rules, Stream& stream) {
    Grid grid(static_cast<std::size_t>(rules.cells())), out;
    const auto shuffled = [&] {
      std::vector<int> order = rules.digits();
      stream.shuffle(order);
      return order;
    };
    rules.solve(grid, shuffled, [&](const Grid& solved) {
      out = solved;
      return false;
    });
    return out;
  }

  void draw_grids(Data& out, const Rules& rules, const Stream& stream) const {
    std::set<Grid> others, own;
    const auto next = [&](Stream& from) {
      Grid grid = random_grid(rules, from);
      while (others.contains(grid)) grid = random_grid(rules, from);
      return *own.insert(grid).first;
    };
    const int tenth = puzzles / 10;
    out.train = make_split(rules, puzzles - 2 * tenth, stream.fork("train"), next);
    others.merge(own);
    out.valid = make_split(rules, tenth, stream.fork("valid"), next);
    others.merge(own);
    out.test = make_split(rules, tenth, stream.fork("test"), next);
  }

  std::shared_ptr<const Data> make() const override {
    const Rules rules(size);
    const Stream stream(0, static_cast<std::uint64_t>(draw), "sudoku", "draw");
    auto out = std::make_shared<Data>();
    out->name = "sudoku";
    out->format = {true, rules.cells(), rules.side() + 1, rules.cells(), rules.side()};
    out->symbols = {"."};
    for (const int digit : rules.digits()) out->symbols.push_back(std::to_string(digit));
    if (size == Size::kFour)
      enumerate(*out, rules, stream);
    else
      draw_grids(*out, rules, stream);
    return out;
  }
};
ASSAY_REGISTER(Dataset, Sudoku);

}  // namespace
}  // namespace assay::datasets
