#include "runner/registry/random.h"
#include "tests/report/tables.h"

using namespace assay;
using namespace assay::report;

namespace {

std::vector<Standing> standings(const Table& table) {
  std::vector<Standing> out;
  for (const auto& row : table.entries[0])
    for (const Table::Entry& entry : row) out.push_back(entry.standing);
  return out;
}

using S = Standing;

}  // namespace

TEST_CASE("the best, what is not significantly worse, and what is, by hand") {
  const Table table = complete();
  CHECK(standings(table) == std::vector{S::kBest, S::kTied, S::kWorse});
  const auto& rows = table.entries[0];
  CHECK(rows[0][0].summary.mean == doctest::Approx(0.92));
  CHECK(rows[1][0].p == doctest::Approx(18.0 / 256));  // the larger p: Holm leaves it as it is
  CHECK(rows[1][0].pairs == 8);
  CHECK(rows[2][0].p == doctest::Approx(2 * 2.0 / 128));
  CHECK(rows[2][0].pairs == 7);
  CHECK(table.seeds_needed == 0);
}

TEST_CASE("where less is better the lowest mean is the best; equal means share it") {
  const auto low = entry({1, 2}), high = entry({3, 4});
  CHECK(standings(judged(column({high, low}, Best::kLowest))) ==
        std::vector{S::kUndecided, S::kBest});
  CHECK(standings(judged(column({low, high, high}))) ==
        std::vector{S::kUndecided, S::kBest, S::kBest});
  CHECK(standings(judged(column({low, high}, Best::kNone))) ==
        std::vector{S::kUnmarked, S::kUnmarked});
}

TEST_CASE("a lone entry, or one of equal ones, is the best of nothing") {
  CHECK(standings(judged(column({entry({1, 2}), entry({2, 1})}))) ==
        std::vector{S::kUnmarked, S::kUnmarked});
  CHECK(standings(judged(column({entry({1, 2})}))) == std::vector{S::kUnmarked});
  CHECK(standings(judged(column({entry({1, 2}), entry({}, 2)}))) ==
        std::vector{S::kUnmarked, S::kUnmarked});
}

TEST_CASE("nothing is said of entries that no outcome could show to be worse") {
  // Six pairs can reach p = 2/64. One comparison takes no more than that, two take 2/128.
  const std::vector<double> six = {1, 2, 3, 4, 5, 6}, less = {0, 1, 2, 3, 4, 5};
  CHECK(standings(judged(column({entry(six), entry(less)}))) == std::vector{S::kBest, S::kWorse});
  const Table three = judged(column({entry(six), entry(less), entry(less)}));
  CHECK(standings(three) == std::vector{S::kBest, S::kUndecided, S::kUndecided});
  CHECK(three.seeds_needed == 7);
}

TEST_CASE("an entry with few seeds of its own is left undecided beside others that are judged") {
  const std::vector<double> ten = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  std::vector<double> less;
  for (const double value : ten) less.push_back(value - 1);
  const Table table = judged(column({entry(ten), entry(less), entry({0, 1, 2})}));
  CHECK(standings(table) == std::vector{S::kBest, S::kWorse, S::kUndecided});
  CHECK(table.entries[0][2][0].pairs == 3);
}

TEST_CASE("entries are paired by replicate, whatever the order of their cells") {
  Table::Entry best = entry({10, 20, 30, 40, 50, 60, 70}), other = best;
  for (auto& cell : other.cells) *cell.value -= 1;
  std::swap(other.cells[0], other.cells[5]);
  other.cells[3].value.reset();
  const Table table = judged(column({best, other, entry({1, 1, 1, 1, 1, 1, 1})}));
  CHECK(table.entries[0][1][0].pairs == 6);
  CHECK(table.entries[0][1][0].p == doctest::Approx(2.0 / 64));  // last by Holm
}

TEST_CASE("groups other than columns: each is judged by itself") {
  Table table = column({entry({1, 2}), entry({3, 4}), entry({50, 60}), entry({40, 50})});
  table.groups = {{0}, {0}, {1}, {1}};
  judge(table);
  CHECK(standings(table) == std::vector{S::kUndecided, S::kBest, S::kBest, S::kUndecided});
}

TEST_CASE("under no difference the best is rarely called significantly better") {
  // The best of three is chosen by its mean, which Holm does not know of: the share of columns with
  // anything called worse is above 5% then, and stays below 15%.
  Stream stream{5, 0, "test", "judge"};
  int worse = 0;
  constexpr int kTables = 400;
  for (int t = 0; t < kTables; ++t) {
    std::vector<Table::Entry> entries;
    for (int e = 0; e < 3; ++e) {
      std::vector<double> values;
      for (int r = 0; r < 10; ++r) values.push_back(stream.normal());
      entries.push_back(entry(values));
    }
    const auto found = standings(judged(column(entries)));
    worse += std::count(found.begin(), found.end(), S::kWorse) > 0;
  }
  MESSAGE("columns with something called worse: ", worse, " of ", kTables);
  CHECK(worse < 0.15 * kTables);
}

TEST_CASE("intervals: Student's, or the bootstrap's where the table asks for it") {
  const std::vector<double> values = {1, 2, 3, 4, 10};
  Table table = judged(column({entry(values)}));
  const auto student = table.entries[0][0][0].interval;
  CHECK(student.high - 4 ==
        doctest::Approx(analyse::half_width_95(table.entries[0][0][0].summary)));
  table.spread = Spread::kBca;
  judge(table);
  const auto bca = table.entries[0][0][0].interval;
  CHECK(bca.high - 4 > 4 - bca.low);  // skewed as the values are
  judge(table);
  CHECK(table.entries[0][0][0].interval.high == bca.high);  // the same every time
}
