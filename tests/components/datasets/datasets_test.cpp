#include <cmath>
#include <set>

#include "components/datasets/dataset.h"
#include "tests/components/support.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("every data set is the same each time, fits its format, and survives its archive") {
  for (const ComponentSpec* spec : Registry::global().all("dataset")) {
    CAPTURE(spec->name);
    const auto data = build<Dataset>("\"" + spec->name + "\"")->make();
    Archive first, second;
    data->save(first);
    build<Dataset>("\"" + spec->name + "\"")->make()->save(second);
    CHECK(first == second);
    Archive again;
    Data::load(first)->save(again);
    CHECK(first == again);
    for (const char* name : {"train", "valid", "test"}) {
      const Examples& split = data->split(name);
      CHECK(split.count > 0);
      const auto cells =
          static_cast<std::size_t>(split.count) * static_cast<std::size_t>(data->format.width);
      CHECK((data->format.tokens ? split.tokens.size()
                                 : static_cast<std::size_t>(split.features.count())) == cells);
      for (const auto token : split.tokens)
        REQUIRE((token >= 0 && token < data->format.vocabulary));
      for (const auto label : split.labels) REQUIRE((label >= 0 && label < data->format.classes));
    }
  }
}

TEST_CASE("features are normalised by the training split alone") {
  const auto data = build<Dataset>("\"breast-cancer\"")->make();
  const auto moments = [](const Examples& split, int column) {
    double mean = 0.0, square = 0.0;
    for (int i = 0; i < split.count; ++i) mean += split.features.at(i, column) / split.count;
    for (int i = 0; i < split.count; ++i)
      square += std::pow(split.features.at(i, column) - mean, 2) / split.count;
    return std::pair(mean, square);
  };
  CHECK(data->train.count + data->valid.count + data->test.count == 569);
  for (const int column : {0, 7, 29}) {
    CHECK(std::abs(moments(data->train, column).first) < 1e-5);
    CHECK(moments(data->train, column).second == doctest::Approx(1.0).epsilon(1e-4));
    CHECK(std::abs(moments(data->test, column).first) > 1e-4);
  }
}

TEST_CASE(
    "every Sudoku has exactly one solution, its label, and tests hold grids never trained on") {
  const auto data = build<Dataset>("{ use = \"sudoku\", puzzles = 300 }")->make();
  // Independent of the generator: every grid from rows that are permutations.
  std::vector<std::vector<int>> grids;
  std::vector<int> row = {1, 2, 3, 4};
  std::vector<std::vector<int>> rows;
  do rows.push_back(row);
  while (std::next_permutation(row.begin(), row.end()));
  const auto distinct = [](std::initializer_list<int> v) { return std::set<int>(v).size() == 4; };
  for (const auto& a : rows)
    for (const auto& b : rows)
      for (const auto& c : rows)
        for (const auto& d : rows) {
          bool good = distinct({a[0], a[1], b[0], b[1]}) && distinct({a[2], a[3], b[2], b[3]}) &&
                      distinct({c[0], c[1], d[0], d[1]}) && distinct({c[2], c[3], d[2], d[3]});
          for (std::size_t j = 0; j < 4; ++j) good = good && distinct({a[j], b[j], c[j], d[j]});
          if (!good) continue;
          std::vector<int> grid(a);
          for (const auto* next : {&b, &c, &d}) grid.insert(grid.end(), next->begin(), next->end());
          grids.push_back(grid);
        }
  CHECK(grids.size() == 288);
  std::set<std::vector<int>> trained;
  for (const char* name : {"train", "test"}) {
    const Examples& split = data->split(name);
    for (int p = 0; p < split.count; ++p) {
      std::vector<int> solution;
      for (int i = 0; i < 16; ++i)
        solution.push_back(split.labels[static_cast<std::size_t>(p * 16 + i)] + 1);
      int fitting = 0;
      for (const auto& grid : grids) {
        bool fits = true;
        for (int i = 0; i < 16; ++i) {
          const int given = split.tokens[static_cast<std::size_t>(p * 16 + i)];
          fits = fits && (given == 0 || given == grid[static_cast<std::size_t>(i)]);
        }
        fitting += fits;
      }
      CHECK(fitting == 1);
      if (std::string(name) == "train")
        trained.insert(solution);
      else
        CHECK(trained.count(solution) == 0);
    }
  }
}
