#include "runner/explain/origin.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "runner/graph/linker.h"

namespace assay::explain {

namespace {

std::shared_ptr<const config::Study> load(const std::string& file) {
  Diagnostics out;
  auto study = config::load_study(file, {{}, "smoke"}, out);
  REQUIRE_MESSAGE(study, out.render());
  return study;
}

}  // namespace

TEST_CASE("an origin reads back as it was written") {
  const auto study = load(std::string(ASSAY_SOURCE_DIR) + "/configs/quickstart.toml");
  const Origin origin = origin_of(*study, 3);
  const Origin read = parse_origin(write_origin(origin));
  CHECK(read.maker.jobs == 3);
  CHECK(read.maker.same(origin.maker));
  CHECK(read.parts == origin.parts);
  CHECK(write_origin(read) == write_origin(origin));
}

// What a run writes must be enough to explain every key, and no more than what is in keys: cells of
// equal key have equal accounts, others do not.
TEST_CASE("for every study the account from origin and axis values is that of the study") {
  namespace fs = std::filesystem;
  std::size_t studies = 0;
  for (const auto& entry :
       fs::recursive_directory_iterator(std::string(ASSAY_SOURCE_DIR) + "/configs")) {
    if (entry.path().extension() != ".toml") continue;
    CAPTURE(entry.path().string());
    const auto study = load(entry.path().string());
    graph::Linker linker(*study);
    Diagnostics checked;
    linker.check(checked);
    const Origin now = origin_of(*study, 1), stored = parse_origin(write_origin(now));
    std::vector<std::pair<Key, Node>> known;
    graph::CellLink link;
    study->design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
      const Node here = account_of(*study, linker, choice, now.parts);
      const Node there = account_of(stored, axes_of(linker.describe(choice, 0)));
      const auto found = differences(there, here);
      CHECK_MESSAGE(found.empty(), text(found.empty() ? Difference() : found[0]));
      linker.link(choice, 0, link);
      for (const auto& [key, other] : known)
        CHECK((key == link.key) == differences(other, here, 1).empty());
      if (known.size() < 12) known.emplace_back(link.key, here);
      return true;
    });
    ++studies;
  }
  CHECK(studies > 50);
}

}  // namespace assay::explain
