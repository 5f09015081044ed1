#include "runner/registry/registry.h"

#include <filesystem>

#include "tests/components/support.h"

using namespace assay;

TEST_CASE("the nearest name is found, and nothing far-fetched") {
  const std::vector<std::string> names = {"topk-softmax", "random", "magnitude"};
  CHECK(nearest("topk-sofmax", names) == "topk-softmax");
  CHECK(nearest("topk_softmax", names) == "topk-softmax");
  CHECK(nearest("ramdon", names) == "random");
  CHECK(nearest("xyz", names).empty());
  CHECK(nearest("y", std::vector<std::string>{"x"}).empty());
}

TEST_CASE("a value prints as TOML that reads back to it") {
  for (const char* text : {"1", "1.5", "true", "\"a \\\"b\\\" \\n\"", "[1, 2.0, \"x\"]",
                           "{ use = \"mlp\", hidden = [64], \"odd key\" = -0.1 }", "1e-05", "[]"}) {
    const Value value = config::parse_value(text);
    CHECK(config::parse_value(value.text()) == value);
  }
  CHECK(number_text(0.1) == "0.1");
  CHECK(number_text(3.0) == "3.0");
}

TEST_CASE("defaults do not change a component's canonical form") {
  const Registry& registry = Registry::global();
  const auto canonical = [&](const char* text) {
    return registry.canonical("router", config::parse_value(text)).text;
  };
  CHECK(canonical("\"topk-softmax\"") == canonical("{ use = \"topk-softmax\", k = 2 }"));
  CHECK(canonical("{ balance = 0.01, use = \"topk-softmax\" }") == canonical("\"topk-softmax\""));
  CHECK(canonical("{ use = \"topk-softmax\", k = 3 }") != canonical("\"topk-softmax\""));
}

TEST_CASE("\"none\" for a component that has a default is not that default, once filled in") {
  const Registry& registry = Registry::global();
  const Value none = config::parse_value("{ use = \"sequence\", mixer = \"none\" }");
  const Value usual = config::parse_value("{ use = \"sequence\" }");
  CHECK(registry.canonical("model", none).text != registry.canonical("model", usual).text);
  for (const Value& value : {none, usual}) {
    const Value filled = registry.filled("model", value);
    CHECK(registry.canonical("model", filled).text == registry.canonical("model", value).text);
  }
  CHECK(registry.build("model", none)->config().find("mixer")->string() == "none");
}

TEST_CASE("every component says what it is, and its file bears its name") {
  for (const std::string& kind : Registry::global().kinds()) {
    for (const ComponentSpec* spec : Registry::global().all(kind)) {
      CAPTURE(spec->name);
      CHECK(!spec->summary.empty());
      std::string stem = std::filesystem::path(spec->file).stem().string();
      std::replace(stem.begin(), stem.end(), '_', '-');
      CHECK(stem == spec->name);
      if (kind != "stage") CHECK(testing::error_of(kind, spec->example_text()).empty());
      for (const ParamSpec& param : spec->params) {
        CAPTURE(param.name);
        CHECK(!param.doc.empty());
        if (param.fallback.is_number()) {
          CHECK(param.fallback.number() >= param.low);
          CHECK(param.fallback.number() <= param.high);
        }
      }
    }
  }
}

TEST_CASE("a name registered twice is refused and both files are named") {
  Registry registry;
  ComponentSpec spec;
  spec.kind = "gate", spec.name = "x", spec.file = "a.cpp";
  registry.add(spec);
  spec.file = "b.cpp";
  registry.add(spec);
  CHECK(registry.take_duplicates() ==
        std::vector<std::string>{"gate \"x\" is registered twice: by a.cpp and by b.cpp"});
}
