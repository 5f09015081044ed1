#include "runner/store/store.h"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

fs::path fresh(const std::string& name) {
  const fs::path folder =
      fs::temp_directory_path() / ("assay-test-" + std::to_string(getpid()) + "-" + name);
  fs::remove_all(folder);
  return folder;
}

CellRecord cell(std::uint64_t i) {
  CellRecord out;
  out.key = hash("cell " + std::to_string(i));
  out.replicate = i % 3;
  out.config = "\"a.x\" = " + std::to_string(i) + ", ä";
  out.metrics = {{"a.value", 0.1 * static_cast<double>(i)}, {"a.other", 1e-300}};
  out.curves = {{"a.loss", {0, 10}, {1.5, static_cast<double>(i)}}};
  out.seconds = 0.25;
  out.finished = 1e9 + static_cast<double>(i);
  return out;
}

std::vector<CellRecord> sorted(std::vector<CellRecord> cells) {
  std::sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return cells;
}

}  // namespace

TEST_CASE("cells come back bit for bit") {
  const fs::path folder = fresh("cells");
  std::vector<CellRecord> all;
  {
    Store store(folder);
    for (std::uint64_t i = 0; i < 20; ++i) all.push_back(cell(i));
    all[3].status = Status::kFailed, all[3].failed_stage = "a", all[3].message = "no\nluck";
    for (const auto& one : all) store.add(one);
    store.add(StageTiming{"a", "noop", 0.5});
    store.commit();
    CHECK(sorted(Store::read_cells(folder)) == sorted(all));
  }
  CHECK(Store::read_states(folder).size() == 20);
  CHECK(Store::read_timings(folder) == std::vector<StageTiming>{{"a", "noop", 0.5}});
  fs::remove_all(folder);
}

TEST_CASE("a done record wins over a failed one") {
  const fs::path folder = fresh("wins");
  Store store(folder);
  CellRecord failed = cell(1);
  failed.status = Status::kFailed;
  failed.finished += 100;
  store.add(cell(1));
  store.commit();
  store.add(failed);
  store.commit();
  CHECK(Store::read_cells(folder) == std::vector<CellRecord>{cell(1)});
  CHECK(Store::read_states(folder)[0].status == Status::kDone);
  fs::remove_all(folder);
}

TEST_CASE("packing keeps every cell and leaves one segment") {
  const fs::path folder = fresh("pack");
  Store::Options options;
  options.pack_segments = 3;
  Store store(folder, options);
  for (std::uint64_t i = 0; i < 5; ++i) {
    store.add(cell(i));
    store.commit();
  }
  const auto before = sorted(Store::read_cells(folder));
  store.pack();
  CHECK(sorted(Store::read_cells(folder)) == before);
  CHECK(std::distance(fs::directory_iterator(folder / "segments"), fs::directory_iterator()) == 1);
  fs::remove_all(folder);
}

TEST_CASE("a damaged segment is set aside and the others are read") {
  const fs::path folder = fresh("damaged");
  {
    Store store(folder);
    store.add(cell(1));
    store.commit();
    store.add(cell(2));
    store.commit();
  }
  const fs::path victim = *fs::directory_iterator(folder / "segments");
  {
    std::fstream file(victim, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(1000);
    file.put('\x55');
  }
  CHECK(Store::read_cells(folder).size() == 1);
  CHECK(fs::exists(victim.string() + ".bad"));
  CHECK(!fs::exists(victim));
  fs::resize_file(*fs::directory_iterator(folder / "segments"), 100);
  (void)Store::read_cells(folder);
  fs::remove_all(folder);
}

TEST_CASE("processes that write into one folder lose nothing") {
  const fs::path folder = fresh("two");
  std::vector<pid_t> children;
  for (std::uint64_t w = 0; w < 3; ++w) {
    const pid_t child = fork();
    if (child == 0) {
      Store::Options options;
      options.pack_segments = 2;
      Store store(folder, options);
      for (std::uint64_t i = 0; i < 20; ++i) {
        store.add(cell(w * 15 + i));
        store.commit();
        if (i % 5 == 0) store.pack();
      }
      _exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
  }
  CHECK(Store::read_cells(folder).size() == 50);
  fs::remove_all(folder);
}

TEST_CASE("an artifact comes back bit for bit, and stays as it was first") {
  const fs::path folder = fresh("artifact");
  Store store(folder);
  StoredArtifact artifact;
  artifact.type = "model";
  const std::vector<float> weights = {1.5F, -0.0F, 3e-40F};
  artifact.archive.put("w/x", Array::of<float>(weights, {3}));
  artifact.archive.put("empty", Array::of<float>(std::span<const float>(), {0, 4}));
  artifact.archive.put_text("model", "{ use = \"mlp\" }");
  artifact.metrics = {{"loss", 0.5}};
  artifact.curves = {{"loss", {1}, {2}}};
  artifact.seconds = 1.25;
  const Key key = hash("k");
  CHECK(!store.has_artifact(key));
  store.save_artifact(key, artifact);
  const auto back = store.load_artifact(key);
  REQUIRE(back);
  CHECK(back->archive == artifact.archive);
  CHECK(back->metrics == artifact.metrics);
  CHECK(back->curves == artifact.curves);
  CHECK(back->seconds == 1.25);
  artifact.seconds = 9.0;
  store.save_artifact(key, artifact);
  CHECK(store.load_artifact(key)->seconds == 1.25);
  CHECK(!store.load_artifact(hash("other")));
  fs::remove_all(folder);
}

TEST_CASE("a commit does not replace unless asked to, and leaves no temporary file") {
  const fs::path folder = fresh("commit");
  fs::create_directories(folder);
  const std::string one = "one", two = "two";
  CHECK(commit_file(folder / "f", std::as_bytes(std::span(one)), false));
  CHECK(!commit_file(folder / "f", std::as_bytes(std::span(two)), false));
  std::string text;
  std::ifstream(folder / "f") >> text;
  CHECK(text == "one");
  CHECK(commit_file(folder / "f", std::as_bytes(std::span(two)), true));
  CHECK(std::distance(fs::directory_iterator(folder), fs::directory_iterator()) == 1);
  fs::remove_all(folder);
}

TEST_CASE("a folder that cannot be made is named") {
  CHECK_THROWS_AS(Store("/proc/nowhere/study"), StoreError);
}
