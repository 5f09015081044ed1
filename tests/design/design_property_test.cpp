#include <set>

#include "runner/design/design.h"
#include "tests/properties.h"

using namespace assay;
using namespace assay::testing;
using design::Design;

namespace {

// A sweep of grids with distinct values, some of them linked, some left out by an expression.
Value any_sweep() {
  Value out = Value::Table{};
  const int axes = *rc::gen::inRange(1, 4);
  for (int a = 0; a < axes; ++a) {
    Value::Array values;
    for (int i = *rc::gen::inRange(1, 5); i > 0; --i) values.emplace_back(i);
    out.set("s.a" + std::to_string(a), Value(std::move(values)));
  }
  if (*rc::gen::arbitrary<bool>()) out.set("exclude", Value("s.a0 > 2"));
  return out;
}

}  // namespace

TEST_CASE("variants of any sweep are numbered without gaps, each once, in order") {
  holds("decode is the inverse of numbering", [] {
    const Value sweep = any_sweep();
    Diagnostics problems;
    const Design design = Design::parse(&sweep, 1, problems);
    RC_PRE(problems.ok());
    std::set<std::vector<int>> seen;
    std::vector<int> last;
    std::uint64_t next = 0;
    design.for_each([&](std::uint64_t i, const std::vector<int>& choice) {
      RC_ASSERT(i == next++);
      std::vector<int> decoded;
      design.decode(i, decoded);
      RC_ASSERT(decoded == choice);
      RC_ASSERT(seen.insert(choice).second);
      RC_ASSERT(last.empty() || last < choice);
      last = choice;
      return true;
    });
    RC_ASSERT(next == design.size());
  });
}
