#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/registry/archive.h"
#include "runner/registry/key.h"
#include "runner/store/record.h"

namespace assay::store {

// Could not write or read; the message names the file and the system's reason. Exit code 3.
class StoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A checkpoint: an artifact with what its stage measured, so that a later study needs neither to
// run the stage again nor to lose its metrics.
struct StoredArtifact {
  // What one of the stages behind it measured; a cell that starts from the checkpoint reports it
  // too.
  struct Upstream {
    Key key;
    std::vector<Measured> metrics;
    std::vector<Curve> curves;
    double seconds = 0.0;
    bool operator==(const Upstream&) const = default;
  };
  std::string type;
  Archive archive;
  std::vector<Upstream> upstream;
  std::vector<Measured> metrics;
  std::vector<Curve> curves;
  double seconds = 0.0;
};

// The folder of one study: results/<study>/{segments,artifacts}/. Files are immutable: built in
// memory, written to a temporary name, flushed, renamed without replacing; the rename is the
// commit. Any number of processes may write into one folder. All functions may be called from any
// thread.
class Store {
 public:
  struct Options {
    double commit_seconds = 1.0;       // longest time that a finished cell waits for its commit
    std::size_t commit_cells = 16384;  // or this many cells waiting
    std::size_t pack_segments = 64;    // this many small segments are packed into one
  };

  // Makes the folders. Throws StoreError where that fails.
  explicit Store(std::filesystem::path folder) : Store(std::move(folder), Options{}) {}
  Store(std::filesystem::path folder, Options options);
  ~Store();  // commits what is waiting; errors are logged
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  const std::filesystem::path& folder() const;

  // Commits the document that explains the cells of this run (runner/explain/origin.h) as
  // origins/<key>.toml; every cell handed over afterwards names it.
  void keep_origin(const std::string& text);

  // Hands over finished cells and stage timings; an encoder thread commits them in groups.
  void add(CellRecord record);
  void add(StageTiming timing);
  // Returns when everything handed over so far is durable. Throws StoreError where it could not be
  // saved.
  void commit();
  // Cells handed over that could not be saved so far, and why. Empty reason: all is well.
  std::string trouble() const;
  std::size_t unsaved() const;
  // Throws StoreError where no cell could be saved: before hours of work, not after them.
  void must_be_writable() const;
  // Packs small segments into larger ones where there are many. The encoder does so by itself
  // during a long run.
  void pack();

  // Every stored cell, each key once (a done record wins over a failed one, the later finished wins
  // among equals), in no particular order. Segments whose outer hash is wrong are set aside
  // (renamed to *.bad) with a warning.
  static std::vector<CellRecord> read_cells(const std::filesystem::path& folder);
  // Keys and states alone; reads far less than read_cells.
  struct CellState {
    Key key;
    Status status = Status::kDone;
  };
  static std::vector<CellState> read_states(const std::filesystem::path& folder);
  // The segment of each stored cell, relative to the folder.
  static std::unordered_map<Key, std::filesystem::path> read_places(
      const std::filesystem::path& folder);
  static std::vector<StageTiming> read_timings(const std::filesystem::path& folder);

  bool has_artifact(const Key& key) const;
  // Commits at once; an artifact that exists already stays as it is.
  void save_artifact(const Key& key, const StoredArtifact& artifact);
  // Nothing where there is none, or where its outer hash is wrong (it is set aside with a warning).
  std::optional<StoredArtifact> load_artifact(const Key& key) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What other processes commit into a folder while this one works on it. Used by one thread.
class Watch {
 public:
  // What is there by now is no news.
  explicit Watch(std::filesystem::path folder);
  // The cells in segments that came since the last call and that this process did not commit.
  std::vector<Store::CellState> news();

 private:
  std::filesystem::path folder_;
  std::set<std::filesystem::path> seen_;
};
// The same without a store: from a folder that is only read.
std::optional<StoredArtifact> read_artifact(const std::filesystem::path& folder, const Key& key);

// study.h5, the user's file: what a report needs of a study, in netCDF-4 conventions.
struct StudyTable {
  struct AxisColumn {
    std::string name;                 // "pruned.pruner.keep"
    std::vector<std::string> labels;  // of its values, in the order of the study
    std::vector<double> numbers;      // the values, where all are numbers; else empty
  };
  struct Row {
    std::vector<int> axis_values;  // index into labels, -1 where the axis does not apply
    std::uint64_t replicate = 0;
    const CellRecord* record = nullptr;  // null: not run yet
  };
  std::vector<AxisColumn> axes;
  std::size_t replicates = 0;
  std::vector<Row> rows;  // every cell of the study, in its order
  // Texts kept beside the results, by name: "study" (as resolved), "versions", "machine", ….
  std::vector<std::pair<std::string, std::string>> provenance;
};

// Writes study.h5 whole and renames it over the old one, unless that is the same already. Dense
// arrays (axes x replicate) where the axes span a full grid of at most `max_dense` cells; always a
// flat table with one row a cell.
void write_study(const std::filesystem::path& file, const StudyTable& table,
                 std::size_t max_dense = 4'000'000);

// The bytes of study.h5. Equal results are equal bytes.
std::vector<std::byte> study_image(const StudyTable& table, std::size_t max_dense = 4'000'000);

// The commit used for every file of the store: temporary name in the same folder, full write,
// flush, rename (without replacing unless `replace`), flush of the folder. False where the file
// existed.
bool commit_file(const std::filesystem::path& file, std::span<const std::byte> bytes, bool replace);
// Commits over whatever is there, unless it is the same already.
void replace_file(const std::filesystem::path& file, std::span<const std::byte> bytes);

}  // namespace assay::store
