// A letter, then a condition of `exclude`: 'a' as it is, 'b' inside a TOML string, quotes included.
// It is evaluated on axes that hold numbers, text, truth and anything.
#include "runner/design/expression.h"

#include "runner/config/parse.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

using design::Expression;

const std::vector<Expression::Name>& names() {
  static const std::vector<Expression::Name> kNames = {
      {"base.model.router.k", design::kNumbers},
      {"pruned.pruner", design::kText},
      {"pruned.pruner.sparsity", design::kNumbers},
      {"data.shuffle", design::kTruth},
      {"small.top-k", design::kNumbers | design::kText},
      {"other.pruner", design::kText},
      {"eval.metrics", design::kOther},
      {"x", 0}};
  return kNames;
}

// Values of each axis, in turn; the first call finds none.
const Value* value_of(std::size_t name, std::size_t turn) {
  static const Value kAll = config::parse_value(
      "[2, 'wanda', 0.5, true, 'a', { use = 'random', x = 1 }, [1, 2], -0.0, inf, nan]");
  const std::size_t at = (name + turn) % (kAll.array().size() + 1);
  return at == 0 ? nullptr : &kAll.array()[at - 1];
}

void parse_and_hold(const Value& text) {
  Diagnostics out;
  const auto condition = Expression::parse(text, names(), out);
  expect((condition == nullptr) == !out.ok(), "a condition or a mistake");
  expect(out.ok() || !out.render().empty(), "a mistake is told");
  if (!condition) return;
  for (std::size_t turn = 0; turn < 11; ++turn)
    (void)condition->holds([turn](std::size_t name) { return value_of(name, turn); });
}

void read(Bytes bytes) {
  Feed feed(bytes);
  const bool in_toml = feed.byte() == 'b';
  const std::string text = feed.rest();
  if (!in_toml) return parse_and_hold(Value(text));
  // Not kept for the rest of the process, as a study is.
  const Source source{"x.toml", "exclude = " + text};
  Diagnostics out;
  const Value tree = config::parse_text(&source, out);
  const Value* value = tree.find("exclude");
  if (!out.ok()) expect(!out.render().empty(), "a mistake is told");
  if (value && value->is_string()) parse_and_hold(*value);
}

}  // namespace
ASSAY_FUZZ_TARGET(expression, read)
}  // namespace assay::fuzz
