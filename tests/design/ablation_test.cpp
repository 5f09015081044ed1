#include "runner/design/ablation.h"

#include <bit>
#include <set>

using namespace assay;
using namespace assay::design;

namespace {

// The smallest number of parts in a word; the resolution by its definition.
int shortest(const AblationPoints& points) {
  int out = 99;
  for (const Subset word : points.words) out = std::min(out, std::popcount(word));
  return out;
}

// Do the systems see `effect` as a constant, or as the same as another effect?
bool balanced(const AblationPoints& points, Subset effect) {
  int sum = 0;
  for (const Subset system : points.subsets)
    sum += std::popcount(effect & ~system) % 2 == 0 ? 1 : -1;
  return sum == 0;
}

}  // namespace

TEST_CASE("small designs are what one would write down") {
  using Systems = std::vector<Subset>;
  CHECK(leave_one_out(3).subsets == Systems{0b111, 0b110, 0b101, 0b011});
  CHECK(add_one_in(3).subsets == Systems{0b111, 0b000, 0b001, 0b010, 0b100});
  CHECK(add_one_in(1).subsets == Systems{0b1, 0b0});
  CHECK(removal_path({2, 0, 1}).subsets == Systems{0b111, 0b011, 0b010, 0b000});
  CHECK(pairs(3).subsets == Systems{0b111, 0b110, 0b101, 0b011, 0b100, 0b010, 0b001});
  CHECK(full_factorial(2).subsets == Systems{0b11, 0b10, 0b01, 0b00});
}

TEST_CASE("fractions are as small as the tables of Box, Hunter and Hunter say") {
  struct Known {
    int parts, resolution;
    std::size_t systems;
  };
  for (const Known& known : std::vector<Known>{{3, 4, 8},
                                               {4, 4, 8},
                                               {5, 4, 16},
                                               {8, 4, 16},
                                               {9, 4, 32},
                                               {4, 5, 16},
                                               {5, 5, 16},
                                               {6, 5, 32},
                                               {7, 5, 64},
                                               {8, 5, 64},
                                               {10, 5, 128}}) {
    CAPTURE(known.parts);
    CAPTURE(known.resolution);
    const AblationPoints points = fractional_factorial(known.parts, known.resolution);
    CHECK(points.subsets.size() == known.systems);
    CHECK(points.subsets[0] == full_system(known.parts));
    CHECK(std::set<Subset>(points.subsets.begin(), points.subsets.end()).size() == known.systems);
    CHECK(shortest(points) >= known.resolution);
    CHECK(points.words.size() == (std::size_t{1} << known.parts) / known.systems - 1);
    for (int i = 0; i < known.parts; ++i) {
      const Subset one = Subset{1} << i;
      CHECK(balanced(points, one));
      for (int j = 0; j < i; ++j) {
        const Subset both = one | (Subset{1} << j);
        CHECK(balanced(points, both));
      }
    }
    for (const Subset word : points.words) CHECK(!balanced(points, word));
  }
}

TEST_CASE("sampled orders come with their reverses, and their systems are run once") {
  const AblationPoints points = shapley(12, 5, Stream(7));
  REQUIRE(points.orders.size() == 10);
  for (std::size_t i = 0; i < points.orders.size(); i += 2)
    CHECK(std::equal(points.orders[i].begin(), points.orders[i].end(),
                     points.orders[i + 1].rbegin()));
  std::set<Subset> systems;
  for (const auto& order : points.orders)
    for (const Subset one : removal_path(order).subsets) systems.insert(one);
  CHECK(points.subsets.size() == systems.size());
  CHECK(std::set<Subset>(points.subsets.begin(), points.subsets.end()) == systems);
  CHECK(shapley(8, 5, Stream(7)).orders.empty());
  CHECK(shapley(8, 5, Stream(7)).subsets.size() == 256);
}

TEST_CASE("too many parts are refused") {
  CHECK_THROWS_WITH(full_factorial(21), "a full factorial has 20 parts at most");
  CHECK_THROWS_WITH(leave_one_out(63), "parts of an ablation: 1 to 62");
}
