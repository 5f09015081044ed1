#include "runner/config/parse.h"
#include "tests/properties.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("any value prints as TOML that reads back to it") {
  holds("parse(text(v)) == v", [] {
    const Value value = any_value();
    RC_ASSERT(config::parse_value(value.text()) == value);
  });
  holds("text is canonical", [] {
    const std::string text = any_value().text();
    RC_ASSERT(config::parse_value(text).text() == text);
  });
}
