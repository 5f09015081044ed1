// The text of a study: parsed, merged, its design expanded, every cell checked and linked, and
// shown. Designs that are large because the study says so are left out; they take long by right.
#include "runner/config/study.h"

#include "runner/config/parse.h"
#include "runner/graph/linker.h"
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

constexpr std::uint64_t kMostVariants = 4096;

// No fewer than the points of any design that these lists and counts can make.
std::uint64_t points_of(const Value& value) {
  std::uint64_t out = 1;
  const auto times = [&out](std::uint64_t by) {
    out *= std::min(std::max<std::uint64_t>(by, 1), kMostVariants + 1);
  };
  const auto grow = [&](std::uint64_t by) {
    if (out <= kMostVariants) times(by);
  };
  if (value.is_array()) {
    grow(value.array().size());
    for (const Value& item : value.array()) grow(points_of(item));
  }
  if (!value.is_table()) return out;
  for (const Value::Entry& entry : value.table()) {
    grow(points_of(entry.value));
    if (entry.key == "count" && entry.value.is_integer())
      grow(static_cast<std::uint64_t>(std::max<std::int64_t>(entry.value.integer(), 1)));
  }
  return out;
}

void link_cells(const config::Study& study) {
  graph::Linker linker(study);
  Diagnostics out;
  linker.check(out);
  expect(out.ok(), "a study that was checked is right");
  graph::CellLink link;
  std::uint64_t left = 64;
  study.design.for_each([&](std::uint64_t i, const std::vector<int>& choice) {
    for (const std::uint64_t replicate : {std::uint64_t{0}, study.seeds - 1})
      linker.link(choice, replicate, link);
    expect(!link.steps.empty(), "a cell has stages");
    expect(!linker.describe(choice, i).empty(), "a cell is described");
    return --left > 0;
  });
}

void read(Bytes bytes) {
  static const MemoryPath file;
  file.write({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  Diagnostics out;
  const Value tree = config::load_tree(file.path(), {}, out);
  const Value* sweep = tree.find("sweep");
  if (sweep && points_of(*sweep) > kMostVariants) return;
  Diagnostics mistakes;
  const auto study = config::load_study(file.path(), {}, mistakes);
  expect((study == nullptr) == !mistakes.ok(), "a study or mistakes");
  expect(mistakes.ok() || !mistakes.render().empty(), "mistakes are told");
  (void)config::show(tree, true);
  if (!study) return;
  link_cells(*study);
  const Source shown{"shown.toml", config::show(study->root, false)};
  Diagnostics again;
  const Value back = config::parse_text(&shown, again);
  expect(again.ok(), "what is shown can be read");
  expect(config::show(back, false) == shown.text, "what is shown says the same again");
}

}  // namespace
ASSAY_FUZZ_TARGET(study, read)
}  // namespace assay::fuzz
