#pragma once

#include <boost/program_options.hpp>
#include <filesystem>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/execute/work.h"
#include "runner/graph/linker.h"
#include "runner/rounds/rounds.h"
#include "runner/store/store.h"

namespace assay::cli {

enum class TableFormat { kTerminal, kMarkdown, kLatex, kCsv, kJson };
TableFormat parse_format(const std::string& text);  // throws UsageError

// Every cell that is wanted of a study, with its stored record.
struct Results {
  std::vector<store::CellRecord> records;
  rounds::Schedule schedule{design::Wanted(0), true, {}, {}, ""};
  store::StudyTable table;             // rows point into `records`
  std::vector<std::size_t> first_row;  // of each variant
  std::uint64_t done = 0, failed = 0, missing = 0;
  std::uint64_t seeds = 0;  // of a variant, at most

  // Rows of the table by variant and replicate, and by the number of a cell as `assay why` counts:
  // variant * seeds + replicate. Only cells that are wanted have a row.
  std::uint64_t variant_of(std::size_t row) const;
  std::uint64_t number_of(std::size_t row) const;
  std::size_t row_of(std::uint64_t number) const;
  std::vector<std::size_t> rows_of(std::uint64_t variant) const;
  // Null for a cell that has not run or is not wanted.
  rounds::Lookup lookup() const;
};

Results read_results(const config::Study& study, const graph::Linker& linker,
                     const std::filesystem::path& folder);
// A study with all that is stored of it, as commands on results take it: a folder or a study file.
struct Loaded {
  std::shared_ptr<const config::Study> study;
  std::unique_ptr<graph::Linker> linker;
  std::string folder;
  Results results;
};
// False where the study is bad (2) or help was asked for (0); `code` says which.
bool load(const std::vector<std::string>& arguments, const std::string& usage,
          boost::program_options::options_description options,
          boost::program_options::variables_map& vm, Loaded& out, int& code);

// What is wanted of a study by what is stored of it. `tried`: cells that this run has run; failed
// ones of earlier runs count as not run, since they are tried again. Null: they count.
rounds::Schedule read_schedule(const config::Study& study, const graph::Linker& linker,
                               const std::filesystem::path& folder,
                               const execute::KeySet* tried = nullptr);
execute::KeySet stored_cells(const std::filesystem::path& folder);
execute::KeySet stored_artifacts(const std::filesystem::path& folder);

// Keeps the study as resolved beside its results, for commands that are given the folder.
void keep_study(const config::Study& study, const std::filesystem::path& folder);
// study.h5, as the stored cells give it.
std::vector<std::byte> image_of_study(const config::Study& study, Results& results);
void write_study_file(const config::Study& study, Results& results,
                      const std::filesystem::path& file);

std::string render_table(const config::Study& study, const Results& results, TableFormat format);

}  // namespace assay::cli
