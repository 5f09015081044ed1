// Texts that no one writes, unless to do harm: each is refused with a message, in little time.
#include <doctest/doctest.h>

#include <chrono>
#include <memory>

#include "runner/config/long_key.h"
#include "runner/config/parse.h"
#include "runner/config/study.h"
#include "tests/components/datasets/files.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

// What is said of a text, without the lines that show it.
std::string trouble(const std::string& text) {
  const Source source{"t.toml", text};
  Diagnostics out;
  (void)config::parse_text(&source, out);
  return out.ok() ? "" : headline(out.sorted().front());
}

std::string trouble_of_file(const std::string& text) {
  const ScratchFile file("hostile.toml", text);
  Diagnostics out;
  CHECK(config::load_study(file.path(), {}, out) == nullptr);
  const std::string all = headline(out.sorted().front());
  return all.substr(0, file.path().size()) == file.path() ? all.substr(file.path().size()) : all;
}

}  // namespace

TEST_CASE("a key of hundreds of thousands of parts is refused before it fills the stack") {
  const std::string end = "a = 1\n";
  CHECK(trouble(repeated("a.", 29) + end).empty());
  CHECK(trouble("\n" + repeated("a.", 300'000) + end) ==
        "t.toml:2:60: syntax error: a key has more than 30 parts");
  for (const char* part : {"'a=b'.", "\"x\\\" =\".", "a . ", "'#'.", "\"\"."}) {
    CAPTURE(part);
    CHECK(trouble(repeated(part, 29) + end).empty());
    CHECK(trouble(repeated(part, 300'000) + end).find("more than 30 parts") != std::string::npos);
  }
  CHECK(trouble("[" + repeated("a.", 300'000) + "a]\n").find("more than 30") != std::string::npos);
  // Behind a text that hides where the key begins.
  CHECK(trouble("x = { y = '''\n'''', " + repeated("a.", 300'000) + "a = '1' }")
            .find("more than 30") != std::string::npos);
}

TEST_CASE("dots in texts, comments and numbers are no keys") {
  const std::string dots = repeated(".a", 100);
  for (const std::string& text :
       {"x = \"" + dots + "\"", "x = '" + dots + "'", "x = \"\"\"\n" + dots + "\n\"\"\"\"\"",
        "x = '''" + dots + "'''''", "# " + dots, "x = \"\\\"" + dots + "\"",
        "x = [" + repeated("0.5, ", 100) + "]"}) {
    CAPTURE(text);
    CHECK(config::find_long_key(text) == std::string::npos);
    CHECK(trouble(text).empty());
  }
}

TEST_CASE("what is nested too deeply is refused") {
  const auto lists = [](int depth) { return "x = " + repeated("[", depth) + repeated("]", depth); };
  CHECK(trouble(lists(99)).empty());
  CHECK(trouble(lists(101)) == "t.toml:1:105: nested more than 100 deep");
  CHECK(trouble(lists(100'000)).find("maximum nested value depth") != std::string::npos);
}

TEST_CASE("letters of every alphabet stand in texts, and outside are a mistake with its place") {
  for (const char* letter : {"\xC3\xA9", "\xCE\xA8", "\xEF\xB7\xB0", "\xF0\x9F\x98\x80"}) {
    CAPTURE(letter);
    CHECK(trouble(std::string("x = '") + letter + "'").empty());
    CHECK(trouble(std::string("x = '' ") + letter).rfind("t.toml:1:8: syntax error", 0) == 0);
  }
  CHECK(trouble("x = ''\n[\t,\"").rfind("t.toml:2:3: syntax error", 0) == 0);
  CHECK(trouble("x = [}f").rfind("t.toml:1:6: syntax error", 0) == 0);
}

TEST_CASE("a study that never ends is not read for ever") {
  CHECK(trouble_of_file("extends = \"/dev/zero\"\n") ==
        ":1:11: cannot read /dev/zero: it is larger than 16 MB, or never ends");
  CHECK(trouble_of_file("[study]\nname = \"x\"\nplugins = [\"/dev/zero\"]\n"
                        "[stage.a]\nuse = \"noop\"\n") ==
        ":3:12: plugin \"/dev/zero\" cannot be read (looked at /dev/zero)");
}

TEST_CASE("many mistakes and long words take little time") {
  std::string text = "[study]\nname = \"x\"\n" + std::string(100'000, 'n') + " = 1\n";
  for (int i = 0; i < 100'000; ++i) text += "k" + std::to_string(i) + " = 1\n";
  const ScratchFile file("many.toml", text);
  const auto start = std::chrono::steady_clock::now();
  Diagnostics out;
  CHECK(config::load_study(file.path(), {}, out) == nullptr);
  CHECK(out.render().size() < 1'000'000);
  CHECK(out.render().find("and perhaps more: only so many mistakes are listed") !=
        std::string::npos);
  const std::vector<std::string> longer = {std::string(200'000, 'm')};
  CHECK(nearest(std::string(200'001, 'm'), longer).empty());
  // Seconds of a slow machine; it was minutes, or all memory.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("designs and bases that multiply without end are refused") {
  const std::string head = "[study]\nname = \"x\"\n[stage.a]\nuse = \"noop\"\n";
  std::string grid = head + "[[sweep.union]]\n";
  for (int i = 0; i < 30; ++i) grid += "\"a.v" + std::to_string(i) + "\" = [1, 2]\n";
  const Source source{"t.toml", grid};
  Diagnostics of_grid;
  const Value tree = config::parse_text(&source, of_grid);
  (void)design::Design::parse(tree.find("sweep"), 0, of_grid);
  REQUIRE(of_grid.count() == 1);
  CHECK(headline(of_grid.sorted().front()) ==
        "t.toml:25:1: this sub-grid has more than 1000000 points");
  std::string pipeline = "[study]\nname = \"x\"\n";
  for (int i = 0; i <= 10'000; ++i)
    pipeline += "[stage.s" + std::to_string(i) + "]\nuse = \"noop\"\n";
  CHECK(trouble_of_file(pipeline) == ":3:1: a study has at most 10000 stages");
  // Each of thirty files names the next one twice.
  std::vector<std::unique_ptr<ScratchFile>> files;
  for (int i = 0; i < 30; ++i) {
    const std::string next = i == 0 ? "" : files.back()->path();
    files.push_back(std::make_unique<ScratchFile>(
        "base" + std::to_string(i) + ".toml",
        i == 0 ? head : "extends = [\"" + next + "\", \"" + next + "\"]\n"));
  }
  Diagnostics out;
  CHECK(config::load_study(files.back()->path(), {}, out) == nullptr);
  CHECK(out.sorted().front().text == "extends leads to more than 1000 files");
}
