// Perfect mazes: a grid of cells joined by a spanning tree, drawn uniformly from all of them by
// loop- erased random walks (Wilson 1996), so that one path joins any two cells. The path from a
// start to a goal, both drawn at random, is the solution. A maze of size s is (2s - 1) x (2s - 1)
// tiles, cells at even rows and columns, the tiles between them open or wall. Tokens: 0 unknown, 1
// wall, 2 off the path, 3 on the path, 4 start, 5 goal; walls, start and goal are given, the rest
// is unknown. Labels are the tokens of the solved maze minus 1, as in the data set sudoku.
#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

enum Tile : std::int32_t { kUnknown, kWall, kOff, kPath, kStart, kGoal };

struct Mazes final : Dataset {
  static constexpr Info kInfo{"mazes", 1, "Perfect mazes with their only path.",
                              "Wilson 1996 (uniform spanning trees)"};
  int size = 5;
  int puzzles = 4000;
  int draw = 0;

  static void params(Params<Mazes>& p) {
    p.add("size", &Mazes::size).range(2, 100).unit("cells").doc("On a side.");
    p.add("puzzles", &Mazes::puzzles)
        .range(10, 1e6)
        .unit("mazes")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &Mazes::draw).at_least(0).doc("Which of the seeded draws.");
  }

  int cells() const { return size * size; }
  int side() const { return 2 * size - 1; }

  // A neighbour of a cell, at random.
  int step(int cell, Stream& stream) const {
    const int row = cell / size, column = cell % size;
    for (;;) {
      const auto way = stream.below(4);
      const int down = way == 0 ? 1 : way == 1 ? -1 : 0, right = way == 2 ? 1 : way == 3 ? -1 : 0;
      if (row + down >= 0 && row + down < size && column + right >= 0 && column + right < size)
        return cell + down * size + right;
    }
  }

  // The next cell on the way to `root`, for each cell.
  std::vector<int> spanning_tree(int root, Stream& stream) const {
    std::vector<int> next(static_cast<std::size_t>(cells()), -1);
    std::vector<bool> joined(next.size());
    joined[static_cast<std::size_t>(root)] = true;
    for (int from = 0; from < cells(); ++from) {
      // A cell keeps the last way that the walk left it by: that erases the loops.
      for (int at = from; !joined[static_cast<std::size_t>(at)];)
        at = next[static_cast<std::size_t>(at)] = step(at, stream);
      for (int at = from; !joined[static_cast<std::size_t>(at)];
           at = next[static_cast<std::size_t>(at)])
        joined[static_cast<std::size_t>(at)] = true;
    }
    return next;
  }

  std::size_t tile_of(int cell) const {
    return 2 * (static_cast<std::size_t>(cell / size) * static_cast<std::size_t>(side()) +
                static_cast<std::size_t>(cell % size));
  }
  // Half-way: tiles of neighbouring cells are two apart, along a row or a column.
  std::size_t tile_between(int a, int b) const { return (tile_of(a) + tile_of(b)) / 2; }

  std::vector<std::int32_t> solved_maze(Stream& stream) const {
    const int goal = static_cast<int>(stream.below(static_cast<std::uint64_t>(cells())));
    int start = static_cast<int>(stream.below(static_cast<std::uint64_t>(cells() - 1)));
    start += start >= goal ? 1 : 0;
    const std::vector<int> next = spanning_tree(goal, stream);
    std::vector<std::int32_t> out(static_cast<std::size_t>(side() * side()), kWall);
    for (int cell = 0; cell < cells(); ++cell) {
      out[tile_of(cell)] = kOff;
      if (cell != goal) out[tile_between(cell, next[static_cast<std::size_t>(cell)])] = kOff;
    }
    for (int at = start; at != goal; at = next[static_cast<std::size_t>(at)]) {
      out[tile_of(at)] = kPath;
      out[tile_between(at, next[static_cast<std::size_t>(at)])] = kPath;
    }
    out[tile_of(start)] = kStart;
    out[tile_of(goal)] = kGoal;
    return out;
  }

  Examples make_split(int count, Stream stream) const {
    Examples out;
    out.count = count;
    for (int i = 0; i < count; ++i)
      for (const std::int32_t tile : solved_maze(stream)) {
        out.labels.push_back(tile - 1);
        out.tokens.push_back(tile == kOff || tile == kPath ? std::int32_t{kUnknown} : tile);
      }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "mazes", "draw");
    auto out = std::make_shared<Data>();
    out->name = "mazes";
    const int tiles = side() * side();
    out->format = {true, tiles, 6, tiles, 5};
    out->symbols = {"?", "#", ".", "*", "S", "G"};
    const int tenth = puzzles / 10;
    out->train = make_split(puzzles - 2 * tenth, stream.fork("train"));
    out->valid = make_split(tenth, stream.fork("valid"));
    out->test = make_split(tenth, stream.fork("test"));
    return out;
  }
};
ASSAY_REGISTER(Dataset, Mazes);

}  // namespace
}  // namespace assay::datasets
