#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

std::vector<CellRecord> sorted(std::vector<CellRecord> cells) {
  std::sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return cells;
}

}  // namespace

TEST_CASE("cells come back bit for bit") {
  const Scratch folder("cells");
  std::vector<CellRecord> all;
  {
    Store store(folder);
    for (std::uint64_t i = 0; i < 20; ++i) all.push_back(cell(i));
    all[3].status = Status::kFailed, all[3].failed_stage = "a", all[3].message = "no\nluck";
    for (const auto& one : all) store.add(one);
    store.add(StageTiming{"a", "noop", 0.5, 1e6});
    store.commit();
    CHECK(sorted(Store::read_cells(folder)) == sorted(all));
  }
  CHECK(Store::read_states(folder).size() == 20);
  CHECK(Store::read_timings(folder) == std::vector<StageTiming>{{"a", "noop", 0.5, 1e6}});
}

TEST_CASE("a done record wins over a failed one") {
  const Scratch folder("wins");
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
}

TEST_CASE("packing keeps every cell and leaves one segment") {
  const Scratch folder("pack");
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
  CHECK(files_in(folder / "segments") == 1);
}

TEST_CASE("processes that write into one folder lose nothing") {
  const Scratch folder("two");
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
}

TEST_CASE("an artifact comes back bit for bit, and stays as it was first") {
  const Scratch folder("artifact");
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
  artifact.upstream = {{hash("before"), {{"n", 3.0}}, {{"c", {0}, {1}}}, 0.5},
                       {hash("long before"), {}, {}, 0.25}};
  const Key key = hash("k");
  CHECK(!store.has_artifact(key));
  store.save_artifact(key, artifact);
  const auto back = store.load_artifact(key);
  REQUIRE(back);
  CHECK(back->archive == artifact.archive);
  CHECK(back->metrics == artifact.metrics);
  CHECK(back->curves == artifact.curves);
  CHECK(back->seconds == 1.25);
  CHECK(back->upstream == artifact.upstream);
  artifact.seconds = 9.0;
  store.save_artifact(key, artifact);
  CHECK(store.load_artifact(key)->seconds == 1.25);
  CHECK(!store.load_artifact(hash("other")));
}

TEST_CASE("values that are easily lost come back bit for bit") {
  const Scratch folder("values");
  CellRecord odd = cell(7);
  odd.key = {~0ULL, 1ULL << 63};
  odd.replicate = ~0ULL;
  odd.config = std::string("nul \0 inside", 12) + "\xff not UTF-8";
  odd.message = "";
  odd.metrics = {{"a.zero", -0.0}, {"a.tiny", 5e-324}, {"a.big", 1.7976931348623157e308}};
  odd.curves = {{"a.empty", {}, {}}, {"a.one", {1e15}, {-1.0}}};
  CellRecord bare;
  bare.key = hash("bare");
  Store store(folder);
  store.add(odd);
  store.add(bare);
  store.commit();
  const auto back = sorted(Store::read_cells(folder));
  CHECK(back == sorted({odd, bare}));
  for (const CellRecord& one : back)
    if (one.key == odd.key) CHECK(std::signbit(one.metrics.at(0).value));
}

TEST_CASE("of two failed records of a cell the later finished one counts") {
  const Scratch folder("later");
  Store store(folder);
  CellRecord early = cell(1), late = cell(1);
  early.status = late.status = Status::kFailed;
  early.message = "early", late.message = "late";
  late.finished = early.finished + 1;
  store.add(late);
  store.commit();
  store.add(early);
  store.commit();
  CHECK(Store::read_cells(folder) == std::vector<CellRecord>{late});
  CHECK(Store::read_states(folder).size() == 1);
}

TEST_CASE("two stores in one process, each fed by two threads, lose nothing") {
  const Scratch folder("threads");
  Store::Options options;
  options.commit_seconds = 0.001;
  {
    Store one(folder, options), two(folder, options);
    std::vector<std::thread> threads;
    for (std::uint64_t t = 0; t < 4; ++t)
      threads.emplace_back([&, t] {
        Store& store = t % 2 == 0 ? one : two;
        for (std::uint64_t i = 0; i < 50; ++i) store.add(cell(t * 50 + i));
      });
    for (auto& thread : threads) thread.join();
  }
  std::vector<CellRecord> expected;
  for (std::uint64_t i = 0; i < 200; ++i) expected.push_back(cell(i));
  CHECK(sorted(Store::read_cells(folder)) == sorted(expected));
}

TEST_CASE("a long run packs while it goes on") {
  const Scratch folder("long");
  Store::Options options;
  options.pack_segments = 8;
  Store store(folder, options);
  for (std::uint64_t i = 0; i < 100; ++i) {
    store.add(cell(i));
    store.commit();
  }
  CHECK(Store::read_cells(folder).size() == 100);
  CHECK(files_in(folder / "segments") < 20);
}

TEST_CASE("reading while another process packs misses no cell") {
  const Scratch folder("reader");
  Store::Options options;
  options.pack_segments = 4;
  constexpr std::size_t kBase = 40;
  {
    Store store(folder, options);
    for (std::uint64_t i = 0; i < kBase; ++i) {
      store.add(cell(i));
      store.commit();
    }
  }
  const pid_t child = fork();
  if (child == 0) {
    Store store(folder, options);
    for (std::uint64_t i = 0; i < 60; ++i) {
      store.add(cell(kBase + i));
      store.commit();
      store.pack();
    }
    _exit(0);
  }
  std::size_t fewest = kBase;
  int status = 1;
  while (waitpid(child, &status, WNOHANG) == 0)
    fewest = std::min(fewest, Store::read_states(folder).size());
  CHECK(status == 0);
  CHECK(fewest == kBase);
  CHECK(Store::read_cells(folder).size() == kBase + 60);
}

TEST_CASE("a segment of another layout is left alone by packing") {
  const Scratch folder("layout");
  Store::Options options;
  options.pack_segments = 2;
  Store store(folder, options);
  store.save_artifact(hash("k"), {});
  for (std::uint64_t i = 0; i < 2; ++i) {
    store.add(cell(i));
    store.commit();
  }
  const fs::path foreign = folder / "segments/1-1-1.h5";
  fs::copy_file(*fs::directory_iterator(folder / "artifacts"), foreign);
  store.pack();
  CHECK(fs::exists(foreign));
  CHECK(Store::read_cells(folder).size() == 2);
}
