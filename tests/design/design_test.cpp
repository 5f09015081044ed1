#include "runner/design/design.h"

#include <set>

#include "runner/config/parse.h"

using namespace assay;
using design::Design;

namespace {

Design parse(const std::string& text) {
  static std::vector<std::unique_ptr<Value>> kept;
  kept.push_back(std::make_unique<Value>(config::parse_text("test.toml", text)));
  Diagnostics out;
  Design design = Design::parse(kept.back().get(), 1, out);
  REQUIRE_MESSAGE(out.ok(), out.render());
  return design;
}

std::string mistakes(const std::string& text) {
  const Value value = config::parse_text("test.toml", text);
  Diagnostics out;
  (void)Design::parse(&value, 1, out);
  std::string all;
  for (const auto& item : out.sorted()) all += headline(item) + "\n";
  return all;
}

// All variants as lines "label label …", "-" where an axis does not apply.
std::vector<std::string> variants(const Design& design) {
  std::vector<std::string> out;
  design.for_each([&](std::uint64_t i, const std::vector<int>& choice) {
    std::string line;
    for (std::size_t a = 0; a < choice.size(); ++a)
      line += (a ? " " : "") + (choice[a] < 0
                                    ? std::string("-")
                                    : design.axes()[a].labels[static_cast<std::size_t>(choice[a])]);
    std::vector<int> again;
    design.decode(i, again);
    CHECK(again == choice);
    out.push_back(line);
    return true;
  });
  CHECK(out.size() == design.size());
  return out;
}

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("a grid runs through its last axis fastest") {
  CHECK(variants(parse("\"a.x\" = [1, 2]\n\"a.y\" = [\"p\", \"q\"]")) ==
        Lines{"1 p", "1 q", "2 p", "2 q"});
  CHECK(parse("").size() == 1);
  CHECK(parse("\"a.x\" = [1, 2]").full_grid());
}

TEST_CASE("linked axes step together") {
  CHECK(variants(parse("[[linked]]\n\"a.x\" = [1, 2]\n\"a.y\" = [3, 4]")) == Lines{"1, 3", "2, 4"});
}

TEST_CASE("a union is the sum of its sub-grids") {
  CHECK(variants(parse("[[union]]\n\"a.x\" = [1, 2]\n[[union]]\n\"a.y\" = [5]\n\"a.x\" = [2]")) ==
        Lines{"1 -", "2 -", "2 5"});
}

TEST_CASE("a conditional axis applies only where its condition holds") {
  CHECK(variants(parse(
            "\"a.p\" = [\"u\", \"v\"]\n[[when]]\nif = { \"a.p\" = \"v\" }\n\"a.p.k\" = [1, 2]")) ==
        Lines{"u -", "v 1", "v 2"});
}

TEST_CASE("variants are listed by name") {
  const Design design = parse("variants = [{ name = \"full\" }, { name = \"less\", \"a.x\" = 1 }]");
  CHECK(variants(design) == Lines{"full", "less"});
  CHECK(design.axes()[0].values[0][0].none());
  CHECK(design.axes()[0].values[1][0].integer() == 1);
}

TEST_CASE("exclude removes what its condition names") {
  CHECK(variants(parse("\"a.x\" = [1, 2, 3]\n\"a.p\" = [\"u\", \"v\"]\nexclude = [\"x > 2 and p == "
                       "'u'\", \"a.x + 1 == 3\"]")) == Lines{"1 u", "1 v", "3 v"});
  CHECK(variants(parse("\"a.x\" = [1, 2, 3]\nexclude = \"not x in [1, 3]\"")) == Lines{"1", "3"});
}

TEST_CASE("sampled axes stay in range and fill their strata") {
  for (const std::string method : {"random", "latin-hypercube", "sobol"}) {
    const Design design =
        parse("[sample]\nmethod = \"" + method +
              "\"\ncount = 64\n\"a.lr\" = { low = 1e-4, high = 1.0, scale = \"log\" }\n"
              "\"a.k\" = { low = 1, high = 4, scale = \"integer\" }\n\"a.u\" = { low = 0.0, high = "
              "1.0 }");
    CHECK(design.size() == 64);
    std::set<std::int64_t> seen;
    std::set<int> strata;
    for (const auto& values : design.axes()[0].values) {
      CHECK(values[0].number() >= 1e-4);
      CHECK(values[0].number() <= 1.0);
      seen.insert(values[1].integer());
      strata.insert(static_cast<int>(values[2].number() * 64));
    }
    CHECK(*seen.begin() == 1);
    CHECK(*seen.rbegin() == 4);
    if (method != "random")
      CHECK(strata.size() >= 63);  // Sobol leaves out its first point, the corner
  }
}

TEST_CASE("a million variants are counted and decoded without being made") {
  std::string axis = "[0";
  for (int i = 1; i < 100; ++i) axis += ", " + std::to_string(i);
  const Design design =
      parse("\"a.x\" = " + axis + "]\n\"a.y\" = " + axis + "]\n\"a.z\" = " + axis + "]");
  CHECK(design.size() == 1000000);
  std::vector<int> choice;
  design.decode(123456, choice);
  CHECK(choice == std::vector<int>{12, 34, 56});
}

TEST_CASE("mistakes of a sweep are named where they are") {
  CHECK(mistakes("\"a.x\" = []") ==
        "test.toml:1:9: axis \"a.x\" is empty; give it at least one value\n");
  CHECK(mistakes("\"a.x\" = [1, 1]") == "test.toml:1:13: axis \"a.x\" has the value 1 twice\n");
  CHECK(mistakes("\"a.x\" = [1]\n[[linked]]\n\"a.x\" = [2]") ==
        "test.toml:3:1: \"a.x\" is set twice: another axis sets it in line 1\n");
  CHECK(mistakes("\"a.x\" = [1]\nexclude = \"y > 1\"") ==
        "test.toml:2:12: unknown axis \"y\" in the expression\n");
  CHECK(mistakes("\"a.x\" = [1]\nexclude = \"x >\"") ==
        "test.toml:2:15: the expression ends too early\n");
}
