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

TEST_CASE("a nested table is the dotted path") {
  const Design design = parse("[a]\nx = [1, 2]\n[a.p]\nk = [3]");
  CHECK(design.axes()[0].name == "a.x");
  CHECK(design.axes()[1].name == "a.p.k");
  CHECK(variants(design) == Lines{"1 3", "2 3"});
}

TEST_CASE("sub-grids that overlap have their common variants once") {
  const Design design = parse("[[union]]\n\"a.x\" = [1, 2]\n[[union]]\n\"a.x\" = [2.0, 3]");
  CHECK(variants(design) == Lines{"1", "2", "3"});
  // The order of a sub-grid's keys makes no other variant.
  CHECK(parse("[[union]]\n\"a.x\" = [1]\n\"a.y\" = [2]\n[[union]]\n\"a.y\" = [2]\n\"a.x\" = [1]")
            .size() == 1);
}

TEST_CASE("a point that a sample draws twice is one variant") {
  for (const std::string method : {"random", "latin-hypercube", "sobol"}) {
    const Design design = parse("[sample]\nmethod = \"" + method +
                                "\"\ncount = 50\n\"a.x\" = [\"p\", \"q\"]\n\"a.k\" = { low = 1, "
                                "high = 2, scale = \"integer\" }");
    const std::set<std::string> labels(design.axes()[0].labels.begin(),
                                       design.axes()[0].labels.end());
    CHECK(labels == std::set<std::string>{"p, 1", "p, 2", "q, 1", "q, 2"});
    CHECK(design.size() == 4);
  }
}

TEST_CASE("the study's seed moves random designs and leaves Sobol alone") {
  for (const std::string method : {"random", "latin-hypercube", "sobol"}) {
    const std::string text =
        "[sample]\nmethod = \"" + method + "\"\ncount = 8\n\"a.x\" = { low = 0.0, high = 1.0 }";
    const Value value = config::parse_text("test.toml", text);
    Diagnostics out;
    const auto labels = [&](std::uint64_t seed) {
      return Design::parse(&value, seed, out).axes()[0].labels;
    };
    CHECK(labels(1) == labels(1));
    CHECK((labels(1) == labels(2)) == (method == "sobol"));
  }
}

TEST_CASE("the first Sobol points are those of the literature") {
  const Design design = parse(
      "[sample]\nmethod = \"sobol\"\ncount = 3\n\"a.x\" = { low = 0.0, high = 1.0 }\n\"a.y\" "
      "= { low = 0.0, high = 1.0 }");
  std::vector<std::pair<double, double>> points;
  for (const auto& values : design.axes()[0].values)
    points.emplace_back(values[0].number(), values[1].number());
  // Joe and Kuo, dimensions 1 and 2, after the corner.
  CHECK(points == std::vector<std::pair<double, double>>{{0.5, 0.5}, {0.75, 0.25}, {0.25, 0.75}});
}

TEST_CASE("conditions that exclude each other add their axes") {
  // 12 components with 12 values each: 144 variants, not 12 to the 13th.
  std::string text = "\"a.p\" = [";
  for (int i = 0; i < 12; ++i) text += (i ? ", \"c" : "\"c") + std::to_string(i) + "\"";
  text += "]\n";
  for (int i = 0; i < 12; ++i)
    text += "[[when]]\nif = { \"a.p\" = \"c" + std::to_string(i) + "\" }\n\"a.p.k" +
            std::to_string(i) + "\" = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n";
  CHECK(parse(text).size() == 144);
}

TEST_CASE("conditions match components by name and may share a path") {
  CHECK(variants(parse("\"a.p\" = [{ use = \"u\", n = 1 }, \"v\", \"w\"]\n"
                       "[[when]]\nif = { \"a.p\" = [\"u\", \"w\"] }\n\"a.p.k\" = [1, 2]\n"
                       "[[when]]\nif = { \"a.p\" = \"v\" }\n\"a.p.k\" = [2, 3]")) ==
        Lines{"u 1", "u 2", "v 2", "v 3", "w 1", "w 2"});
}

TEST_CASE("a component may fix what an axis sets for other components") {
  CHECK(variants(parse("\"a.p\" = [{ use = \"u\", k = 9 }, \"v\"]\n[[when]]\nif = { \"a.p\" = "
                       "\"v\" }\n\"a.p.k\" = [1, 2]")) == Lines{"u -", "v 1", "v 2"});
  CHECK(parse("[[union]]\n\"a.p\" = [{ use = \"u\", k = 9 }]\n[[union]]\n\"a.p\" = [\"v\"]\n"
              "\"a.p.k\" = [1, 2]")
            .size() == 3);
  CHECK(parse("variants = [{ name = \"one\", \"a.p\" = { use = \"u\", k = 9 } }, { name = \"two\", "
              "\"a.p.k\" = 1 }]")
            .size() == 2);
}

TEST_CASE("labels show a component's parameters where two values share its name") {
  CHECK(
      parse("\"a.p\" = [{ use = \"u\", k = 1 }, { use = \"u\", k = 2 }, \"v\"]").axes()[0].labels ==
      Lines{"u k=1", "u k=2", "v"});
  CHECK(parse("\"a.x\" = [\"1\", 1]").axes()[0].labels == Lines{"\"1\"", "1"});
}

TEST_CASE("values know the axis that they come from") {
  const Design design = parse("\"a.x\" = [1, { use = \"u\", k = 2 }]");
  const Value& component = design.axes()[0].values[1][0];
  REQUIRE(component.where.note);
  CHECK(*component.where.note == "axis \"a.x\", value 2 of 2");
  CHECK(component.find("k")->where.note == component.where.note);
}

TEST_CASE("expressions compute, compare and join as usual") {
  const auto left = [](const std::string& exclude) {
    return variants(parse("\"a.x\" = [1, 2, 3, 4]\nexclude = '" + exclude + "'"));
  };
  CHECK(left("x + 2 * 3 == 8") == Lines{"1", "3", "4"});
  CHECK(left("(x + 2) * 3 == 12") == Lines{"1", "3", "4"});
  CHECK(left("8 / x / 2 == 1") == Lines{"1", "2", "3"});
  CHECK(left("x - 1 - 1 == 0") == Lines{"1", "3", "4"});
  CHECK(left("-x < -2") == Lines{"1", "2"});
  CHECK(left("x <= 1 or x >= 3 and x != 4") == Lines{"2", "4"});
  CHECK(left("not (x > 1 and x < 4)") == Lines{"2", "3"});
  CHECK(left("true and x in [1, 1 + 1]") == Lines{"3", "4"});
  // Undefined: the axis does not apply, so no comparison with it holds.
  CHECK(variants(parse("exclude = \"x != 7 and y != 7 or y == 2\"\n[[union]]\n\"a.x\" = [1]\n"
                       "[[union]]\n\"a.y\" = [1, 2]")) == Lines{"1 -", "- 1"});
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
  CHECK(mistakes("\"a.x\" = {}") ==
        "test.toml:1:9: axis \"a.x\" is a table; expected a list of values\n");
  CHECK(mistakes("\"a.x\" = [1]\nlinekd = [{ \"a.y\" = [1] }]") ==
        "test.toml:2:1: unknown key sweep.linekd; did you mean \"linked\"?; an axis is "
        "\"stage.parameter\" = [values]\n");
  CHECK(mistakes("[sampel]\nmethod = \"sobol\"\ncount = 2\n\"a.x\" = [1, 2]") ==
        "test.toml:1:2: unknown key sweep.sampel; did you mean \"sample\"?; an axis is "
        "\"stage.parameter\" = [values]\n");
  CHECK(mistakes("[[union]]\n\"a.x\" = [1]\nexclude = \"x > 1\"") ==
        "test.toml:3:1: unknown key sweep.union.exclude; an axis is \"stage.parameter\" = "
        "[values]\n");
}

TEST_CASE("values that make the same variant are refused") {
  CHECK(mistakes("\"a.x\" = [1, 1.0]") == "test.toml:1:13: axis \"a.x\" has the value 1.0 twice\n");
  CHECK(mistakes("\"a.x\" = [\"u\", { use = \"u\" }]") ==
        "test.toml:1:15: axis \"a.x\" has the value { use = \"u\" } twice\n");
  CHECK(mistakes("[[linked]]\n\"a.x\" = [1, 1]\n\"a.y\" = [2, 2]") ==
        "test.toml:2:13: axis \"a.x + a.y\" has the value 1, 2 twice\n");
  CHECK(parse("[[linked]]\n\"a.x\" = [1, 1]\n\"a.y\" = [2, 3]").size() == 2);
}

TEST_CASE("linked axes have one length, and forms their keys") {
  CHECK(mistakes("[[linked]]\n\"a.x\" = [1, 2]\n\"a.y\" = [3]") ==
        "test.toml:3:9: linked axis \"a.y\" has 1 values; \"a.x\" has 2: both must have the same "
        "number\n");
  CHECK(mistakes("\"a.x\" = [1]\n[[when]]\nif = { \"a.x\" = 1 }") ==
        "test.toml:2:1: sweep.when needs at least one axis beside its condition\n");
}

TEST_CASE("two axes set one thing where a variant has both") {
  CHECK(mistakes("\"a.z\" = [1, 2]\n[[union]]\n\"a.x\" = [1]\n[[when]]\nif = { \"a.z\" = 2 }\n"
                 "\"a.x\" = [5]") ==
        "test.toml:6:1: \"a.x\" is set twice: another axis sets it in line 3\n");
  CHECK(mistakes("\"a.z\" = [1, 2]\n[[when]]\nif = { \"a.z\" = 2 }\n\"a.x\" = [1]\n[[when]]\n"
                 "if = { \"a.z\" = [1, 2] }\n\"a.x\" = [5]") ==
        "test.toml:7:1: \"a.x\" is set twice: another axis sets it in line 4\n");
  CHECK(mistakes("\"a.p\" = [\"v\", { use = \"u\", k = 1 }]\n\"a.p.k\" = [2, 3]") ==
        "test.toml:1:32: \"a.p.k\" is set twice: the axis in line 2 sets it too (axis \"a.p\", "
        "value 2 of 2)\n");
}

TEST_CASE("ranges of a sample are checked") {
  const auto range = [](const std::string& text) {
    return mistakes("[sample]\nmethod = \"random\"\ncount = 2\n\"a.x\" = " + text);
  };
  CHECK(range("{ low = 1, high = 2, scael = \"log\" }") ==
        "test.toml:4:30: unknown key scael in the range of \"a.x\"; did you mean \"scale\"?; "
        "allowed: low, high, scale\n");
  CHECK(range("{ low = 0.5, high = 2, scale = \"integer\" }") ==
        "test.toml:4:17: axis \"a.x\" has scale = \"integer\"; 0.5 is no integer below 2^53\n");
  CHECK(
      range("{ high = 2 }") ==
      "test.toml:4:9: axis \"a.x\" needs { low = number, high = number }, or a list of choices\n");
  CHECK(range("[]") == "test.toml:4:9: axis \"a.x\" is empty; give it at least one value\n");
  CHECK(mistakes("\"a.x\" = { low = 1, high = 2 }") ==
        "test.toml:1:9: axis \"a.x\" is a table; expected a list of values (ranges belong in "
        "[sweep.sample])\n");
}

TEST_CASE("mistakes of types in an expression") {
  const auto wrong = [](const std::string& exclude) {
    return mistakes("\"a.x\" = [1, 2]\n\"a.p\" = [\"u\"]\nexclude = '" + exclude + "'");
  };
  CHECK(mistakes("\"a.x\" = [1, 2]\nexclude = \"x == 'u'\"") ==
        "test.toml:2:17: \"==\" compares number with text, which are never equal\n");
  CHECK(wrong("p < 3") == "test.toml:3:12: \"<\" needs number; this is text\n");
  CHECK(wrong("x > 1 and 3") == "test.toml:3:22: \"and\" needs true or false; this is number\n");
  CHECK(wrong("not p") == "test.toml:3:16: \"not\" needs true or false; this is text\n");
  CHECK(wrong("x in [1, \"u\"]") ==
        "test.toml:3:21: \"in\" compares number with text, which are never equal\n");
  CHECK(wrong("x") ==
        "test.toml:3:12: the expression is no condition; compare something, as in x > 1\n");
  CHECK(wrong("x > 1 ± 2") == "test.toml:3:18: unexpected \"±\" in the expression\n");
  // An axis of both types can be compared with either.
  CHECK(parse("\"a.x\" = [1, \"u\"]\nexclude = \"x > 3 or x == 'w'\"").size() == 2);
}

TEST_CASE("mistakes stand where the string is written, behind escapes and line ends") {
  CHECK(mistakes("\"a.x\" = [\"u\"]\nexclude = \"x == \\\"u\\\" and valeu > 1\"") ==
        "test.toml:2:27: unknown axis \"valeu\" in the expression\n");
  CHECK(mistakes("\"a.x\" = [\"u\"]\nexclude = \"\"\"\nx == 'u' and\n  valeu > 1\"\"\"") ==
        "test.toml:4:3: unknown axis \"valeu\" in the expression\n");
  CHECK(mistakes("\"a.x\" = [\"u\"]\nexclude = \"x == '\\u00b1±' and valeu > 1\"") ==
        "test.toml:2:31: unknown axis \"valeu\" in the expression\n");
  CHECK(mistakes("\"a.x\" = [1]\n\"b.x\" = [2]\nexclude = \"x > 1\"") ==
        "test.toml:3:12: \"x\" could be a.x or b.x; write the whole path\n");
}

TEST_CASE("an exclusion of everything is named where it is written") {
  CHECK(mistakes("\"a.x\" = [1, 2]\nexclude = [\"x > 0\"]") ==
        "test.toml:2:11: the sweep excludes every variant\n");
}
