// Generators whose answers follow from an equation: dynamics, mazes, Sudoku, teachers.
#include <cmath>
#include <numbers>
#include <set>

#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::shared_ptr<const Data> make(const std::string& text) {
  return build<Dataset>("{ use = " + text + " }")->make();
}
int at(const std::vector<std::int32_t>& values, int i) {
  return values[static_cast<std::size_t>(i)];
}

// Row i of features or targets in the units of the system, the last `width` columns of it.
std::vector<double> state(const Data& data, const nn::Tensor& rows, int i) {
  const nn::Tensor &mean = data.truth.at("mean"), &deviation = data.truth.at("deviation");
  const int width = static_cast<int>(mean.count()), skip = rows.shape().back() - width;
  std::vector<double> out;
  for (int j = 0; j < width; ++j)
    out.push_back(rows.at(i, skip + j) * deviation.get(j) + mean.get(j));
  return out;
}

// By the midpoint rule in many small steps: another method than that of the generators.
template <class Slope>
void integrate(std::vector<double>& u, double time, int steps, const Slope& slope) {
  std::vector<double> middle(u.size());
  const double h = time / steps;
  for (int step = 0; step < steps; ++step) {
    const auto first = slope(u);
    for (std::size_t i = 0; i < u.size(); ++i) middle[i] = u[i] + h / 2 * first[i];
    const auto second = slope(middle);
    for (std::size_t i = 0; i < u.size(); ++i) u[i] += h * second[i];
  }
}

}  // namespace

TEST_CASE("windows of the Lorenz system are followed by what its equations give") {
  const auto data = make("\"lorenz\", window = 2, ahead = 3, examples = 400");
  CHECK(data->format == DataFormat{false, 6, 0, 1, 0, 3});
  const auto slope = [](const std::vector<double>& s) {
    return std::vector<double>{10 * (s[1] - s[0]), s[0] * (28 - s[2]) - s[1],
                               s[0] * s[1] - 8.0 / 3 * s[2]};
  };
  double low = 0.0, high = 0.0;
  for (int i = 0; i < data->train.count; i += 10) {
    std::vector<double> s = state(*data, data->train.features, i);
    integrate(s, 0.15, 2000, slope);
    const std::vector<double> next = state(*data, data->train.targets, i);
    // Errors of the data (Runge-Kutta, float) and of this grow by at most e^(0.15 * 15).
    for (std::size_t j = 0; j < 3; ++j) CHECK(std::abs(s[j] - next[j]) < 2e-3);
    low = std::min(low, next[0]), high = std::max(high, next[0]);
  }
  CHECK((low < -5 && high > 5));  // both wings
  // The second state of a window is the first of the next one.
  for (int j = 0; j < 3; ++j)
    CHECK(data->train.features.at(4, 3 + j) == data->train.features.at(5, j));
  CHECK_FALSE(make("\"lorenz\", draw = 1")->train.features == make("\"lorenz\"")->train.features);
}

TEST_CASE("snapshots of Kuramoto-Sivashinsky are followed by what the equation gives") {
  const int n = 32;
  const auto data = make("\"kuramoto-sivashinsky\", points = 32, examples = 60");
  // Derivatives by matrices: sums over waves of the derivative of the trigonometric interpolant.
  std::vector<double> first(n), linear(n);
  for (int j = 0; j < n; ++j)
    for (int wave = -n / 2 + 1; wave <= n / 2; ++wave) {
      const double k = 2 * std::numbers::pi * wave / 22,
                   angle = 2 * std::numbers::pi * wave * j / n;
      if (wave < n / 2) first[static_cast<std::size_t>(j)] -= k * std::sin(angle) / n;
      linear[static_cast<std::size_t>(j)] += (k * k - k * k * k * k) * std::cos(angle) / n;
    }
  const auto slope = [&](const std::vector<double>& u) {
    std::vector<double> out(n);
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < n; ++j) {
        const auto d = static_cast<std::size_t>((i - j + n) % n),
                   from = static_cast<std::size_t>(j);
        out[static_cast<std::size_t>(i)] +=
            linear[d] * u[from] - 0.5 * first[d] * u[from] * u[from];
      }
    return out;
  };
  double size = 0.0;
  for (int i = 0; i < data->train.count; i += 12) {
    std::vector<double> u = state(*data, data->train.features, i);
    double total = 0.0;
    for (const double x : u) total += x, size = std::max(size, std::abs(x));
    CHECK(std::abs(total / n) < 1e-5);
    integrate(u, 1.0, 1500, slope);  // stable: 436 of the highest wave times 1 / 1500 is below 2
    const std::vector<double> next = state(*data, data->train.targets, i);
    for (std::size_t j = 0; j < u.size(); ++j) CHECK(std::abs(u[j] - next[j]) < 5e-3);
  }
  CHECK(size > 1.0);
  // It stays on the attractor, within about 3 for this length of the line (arXiv:0709.2944).
  const auto later = make("\"kuramoto-sivashinsky\", points = 16, examples = 2000");
  for (int i = 0; i < later->test.count; ++i)
    for (const double x : state(*later, later->test.targets, i)) CHECK(std::abs(x) < 5);
  CHECK(error_of<Dataset>("{ use = \"kuramoto-sivashinsky\", points = 9 }") ==
        "it.points: allowed: an even number");
}

TEST_CASE("a maze is a tree, and its path the only one from start to goal") {
  const auto data = make("\"mazes\", size = 4, puzzles = 200");
  CHECK(data->format == DataFormat{true, 49, 6, 49, 5});
  for (int p = 0; p < data->train.count; ++p) {
    const auto label = [&](int tile) { return at(data->train.labels, p * 49 + tile); };
    std::vector<int> open;
    int start = -1, goals = 0, path = 0;
    for (int i = 0; i < 49; ++i) {
      const int token = at(data->train.tokens, p * 49 + i);
      CHECK((token == 0 ? label(i) == 1 || label(i) == 2 : token == label(i) + 1));
      if (label(i) == 3) start = i;
      goals += label(i) == 4, path += label(i) == 2;
      if (label(i) != 0) open.push_back(i);
      if (i / 7 % 2 == 0 && i % 7 % 2 == 0) CHECK(label(i) != 0);  // a cell
    }
    CHECK(open.size() == 16 + 15);  // a tree has one passage fewer than cells
    REQUIRE((start >= 0 && goals == 1));
    // Walks on from the start along the path, of which each tile must have one way on.
    std::set<int> seen = {start};
    int here = start, steps = 0;
    while (label(here) != 4 && steps <= path + 1) {
      int ways = 0, next = here;
      for (const int to : {here - 7, here + 7, here - 1, here + 1}) {
        const bool beside = to >= 0 && to < 49 && (to / 7 == here / 7 || to % 7 == here % 7);
        if (beside && !seen.count(to) && (label(to) == 2 || label(to) == 4)) ++ways, next = to;
      }
      REQUIRE(ways == 1);
      seen.insert(here = next);
      ++steps;
    }
    CHECK(steps == path + 1);
    // Everything open hangs together: with 30 passages between 31 tiles, that makes it a tree.
    std::set<int> reached = {start};
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const int a : open)
        for (const int b : open)
          if ((b == a + 7 || (b == a + 1 && a / 7 == b / 7)) && reached.count(a) + reached.count(b))
            reached.insert({a, b});
    }
    CHECK(reached.size() == open.size());
  }
}

TEST_CASE("mazes are drawn from all spanning trees alike: a square of four cells has four") {
  const auto data = make("\"mazes\", size = 2, puzzles = 4000");
  int walls[4] = {};  // which of the four passages is closed
  const int between[] = {1, 3, 5, 7};
  for (int p = 0; p < data->train.count; ++p)
    for (int w = 0; w < 4; ++w) walls[w] += at(data->train.labels, p * 9 + between[w]) == 0;
  for (const int count : walls) CHECK(std::abs(count - 800) < 5 * std::sqrt(3200 * 0.1875));
}

TEST_CASE("Sudoku of every size has one solution, the label, unseen in training") {
  for (const auto& [size, side, givens] : {std::tuple("6x6", 6, 14), std::tuple("9x9", 9, 34)}) {
    CAPTURE(size);
    const auto data = make("\"sudoku\", puzzles = 60, size = \"" + std::string(size) +
                           "\", givens = " + std::to_string(givens));
    const int cells = side * side, wide = 3, tall = side / wide;
    std::set<std::vector<int>> trained;
    for (const char* name : {"train", "test"}) {
      const Examples& split = data->split(name);
      for (int p = 0; p < split.count; ++p) {
        std::vector<int> grid;
        int left = 0;
        for (int i = 0; i < cells; ++i) {
          const int token = at(split.tokens, p * cells + i);
          grid.push_back(at(split.labels, p * cells + i));
          left += token != 0;
          CHECK((token == 0 || token == grid.back() + 1));
        }
        CHECK(left >= givens);
        CHECK(left < givens + 8);
        for (int i = 0; i < side; ++i) {
          std::set<int> row, column, box;
          for (int j = 0; j < side; ++j) {
            row.insert(grid[static_cast<std::size_t>(i * side + j)]);
            column.insert(grid[static_cast<std::size_t>(j * side + i)]);
            box.insert(grid[static_cast<std::size_t>((i / tall * tall + j / wide) * side +
                                                     i % tall * wide + j % wide)]);
          }
          CHECK(row.size() + column.size() + box.size() == static_cast<std::size_t>(3 * side));
        }
        if (std::string(name) == "train") trained.insert(grid);
        CHECK((std::string(name) == "train" || !trained.count(grid)));
      }
    }
  }
  CHECK(error_of<Dataset>("{ use = \"sudoku\", givens = 16 }") ==
        "it.givens = 16 leave nothing to solve in 16 cells");
}

TEST_CASE("a linear teacher has the rank that it says, a relu teacher the units") {
  const auto data = make("\"teacher\", units = 2, noise = 0.5");
  const auto relu = make("\"teacher\", units = 2, noise = 0.0, kind = \"relu\"");
  const nn::Tensor &hidden = data->truth.at("hidden"), &output = data->truth.at("output");
  double noise = 0.0;
  for (int i = 0; i < 400; ++i)
    for (int o = 0; o < 8; ++o) {
      double linear = 0.0, bent = 0.0;
      for (int u = 0; u < 2; ++u) {
        double h = 0.0;
        for (int j = 0; j < 16; ++j) h += hidden.at(u, j) * data->test.features.at(i, j);
        linear += output.at(o, u) * h;
        bent += output.at(o, u) * std::max(0.0, h);
      }
      CHECK(data->truth.at("clean").at(i, o) == doctest::Approx(linear).epsilon(1e-4));
      CHECK(relu->test.targets.at(i, o) == doctest::Approx(bent).epsilon(1e-4));
      noise += std::pow(data->test.targets.at(i, o) - linear, 2) / 3200;
    }
  CHECK(std::abs(noise / 0.25 - 1) < 5 * std::sqrt(2.0 / 3200));
}

TEST_CASE("supports are trees, and coherent atoms have the cosine asked for") {
  const auto data = make(
      "\"sparse-dictionary\", features = 64, atoms = 40, active = 6, support = \"tree\", branches "
      "= 3, coherence = 0.3");
  const nn::Tensor &atoms = data->truth.at("dictionary"), &codes = data->truth.at("codes"),
                   &parents = data->truth.at("parents");
  for (int a = 0; a < 40; ++a) CHECK(parents.get(a) == (a < 3 ? -1 : a / 3 - 1));
  std::vector<int> used(40);
  for (int i = 0; i < data->test.count; ++i) {
    int active = 0;
    for (int a = 0; a < 40; ++a) {
      if (codes.at(i, a) == 0.0) continue;
      ++active, ++used[static_cast<std::size_t>(a)];
      const int parent = static_cast<int>(parents.get(a));
      CHECK((parent < 0 || codes.at(i, parent) != 0.0));
    }
    CHECK(active == 6);
  }
  CHECK(*std::min_element(used.begin(), used.end()) > 0);
  double mean = 0.0;
  for (int a = 0; a < 40; ++a)
    for (int b = 0; b < a; ++b) {
      double cosine = 0.0;
      for (int j = 0; j < 64; ++j) cosine += atoms.at(a, j) * atoms.at(b, j);
      mean += cosine / (40 * 39 / 2);
    }
  // Own directions have cosines of deviation 1/8 with the shared one: their mean over atoms 0.02.
  CHECK(std::abs(mean - 0.3) < 0.05);
}
