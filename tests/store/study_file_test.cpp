// Writes studies with all that is awkward. With ASSAY_STUDY_OUT set they stay in that folder, for
// read_study.py to open as a user would.
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/store/support.h"

using namespace assay;
using namespace assay::store;
namespace fs = std::filesystem;

namespace {

fs::path place(const Scratch& scratch, const std::string& name) {
  const char* kept = std::getenv("ASSAY_STUDY_OUT");  // NOLINT: no other thread sets it
  const fs::path folder = kept ? fs::path(kept) : static_cast<const fs::path&>(scratch);
  fs::create_directories(folder);
  return folder / name;
}

CellRecord measured(int keep, int pruner, std::uint64_t replicate) {
  CellRecord out = cell(static_cast<std::uint64_t>(100 * keep + 10 * pruner) + replicate);
  out.replicate = replicate;
  out.metrics = {{"eval.accuracy", 100.0 * keep + 10.0 * pruner + static_cast<double>(replicate)},
                 {"eval.a/b", 0.5}};
  out.curves = {{"base.loss", {0, 10, 20}, {3, 2, 1.0 * keep}}, {"base.norm", {0}, {1}}};
  if (replicate == 1) out.curves[1] = {"base.norm", {0, 10}, {1, 2}};
  return out;
}

// keep (numbers) x pruner (labels) x 2 replicates; one cell failed, one not run.
struct Example {
  std::vector<CellRecord> records;
  StudyTable table;

  Example() {
    records.reserve(12);
    table.axes = {{"pruned.keep", {"0.25", "0.5", "0.75"}, {0.25, 0.5, 0.75}},
                  {"pruned.pruner", {"magnitude", "größe"}, {}}};
    table.replicates = 2;
    for (int keep = 0; keep < 3; ++keep)
      for (int pruner = 0; pruner < 2; ++pruner)
        for (std::uint64_t replicate = 0; replicate < 2; ++replicate) {
          const CellRecord& record = records.emplace_back(measured(keep, pruner, replicate));
          table.rows.push_back({{keep, pruner}, replicate, &record});
        }
    CellRecord& failed = records[5];
    failed.status = Status::kFailed;
    failed.metrics.clear(), failed.curves.clear();
    failed.failed_stage = "pruned";
    failed.message = "Latin-1 \xe4, cut \xe2\x82, nul ";
    failed.message += '\0';
    failed.message += "end, good €";
    table.rows[7].record = nullptr;
    table.provenance = {{"study", "[study]\nname = \"größe\"\n"}, {"empty", ""}};
  }
};

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

}  // namespace

TEST_CASE("study.h5 is a plain HDF5 file that replaces the one before") {
  const Scratch scratch("study");
  const fs::path file = place(scratch, "full.h5");
  std::ofstream(file) << "an older one";
  write_study(file, Example().table);
  const std::string bytes = content(file);
  CHECK(bytes.compare(0, 8, "\x89HDF\r\n\x1a\n") == 0);
  CHECK(bytes.find("ASSAYH2\n") == std::string::npos);
}

TEST_CASE("a study whose cells fill no grid is written as a table alone") {
  const Scratch scratch("irregular");
  Example one;
  one.table.rows.erase(one.table.rows.begin());
  one.table.rows[0].axis_values[1] = -1;
  write_study(place(scratch, "irregular.h5"), one.table);
  // As many cells as a grid would have, but one of them twice.
  Example twice;
  twice.table.rows[0] = twice.table.rows[1];
  write_study(place(scratch, "twice.h5"), twice.table);
  // A replicate beyond those of the study has no place in a grid.
  Example beyond;
  beyond.table.rows.back().replicate = 1000000;
  write_study(place(scratch, "beyond.h5"), beyond.table);
  Example large;
  write_study(place(scratch, "large.h5"), large.table, 11);
  write_study(place(scratch, "full.h5"), large.table, 12);
  CHECK(fs::file_size(place(scratch, "large.h5")) < fs::file_size(place(scratch, "full.h5")));
}

TEST_CASE("a study without a result, without an axis or without a metric can be written") {
  const Scratch scratch("none");
  Example nothing;
  for (auto& row : nothing.table.rows) row.record = nullptr;
  write_study(place(scratch, "nothing.h5"), nothing.table);
  Example single;
  single.table.axes.clear();
  single.table.rows.resize(2);
  for (auto& row : single.table.rows) row.axis_values.clear();
  write_study(place(scratch, "single.h5"), single.table);
  CHECK(fs::file_size(place(scratch, "nothing.h5")) > 0);
  CHECK(fs::file_size(place(scratch, "single.h5")) > 0);
}

TEST_CASE("segments and artifacts are HDF5 files to other tools") {
  const Scratch scratch("tools");
  const fs::path folder = place(scratch, "store");
  Store store(folder);
  store.add(cell(3));
  store.commit();
  StoredArtifact artifact;
  artifact.type = "model";
  const std::vector<float> weights = {1.5F, -2.0F};
  artifact.archive.put("w", Array::of<float>(weights, {2}));
  store.save_artifact(hash("k"), artifact);
  for (const char* part : {"segments", "artifacts"}) {
    const std::string bytes = content(*fs::directory_iterator(folder / part));
    CHECK(bytes.compare(bytes.size() - 32, 8, "ASSAYH2\n") == 0);
  }
}
