#pragma once

#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/cli/present.h"

namespace assay::cli {

// "▁▃▅█" from the least to the largest; the last `most` values, those that are finite.
std::string sparkline(std::span<const double> values, std::size_t most);

// A study as somebody else runs it. Only reads.
class Watched {
 public:
  Watched(const config::Study& study, const graph::Linker& linker, std::filesystem::path folder);

  void look();  // takes in what came since the last time
  bool complete() const { return stored_ == cells_ && !more_may_come_; }
  // What is to be seen `now` (Unix time), in lines of at most `width` columns.
  std::string view(double now, std::size_t width) const;

 private:
  struct Finished {
    std::uint64_t cell = 0;
    store::CellRecord record;
  };
  void count_wanted();
  std::string progress(double now) const;
  std::vector<std::string> metrics(const std::vector<const Finished*>& newest) const;
  std::vector<std::string> failures() const;

  const config::Study& study_;
  std::filesystem::path folder_;
  std::unordered_map<Key, std::uint64_t> numbers_;  // the first cell of each key
  std::set<std::filesystem::path> seen_;
  std::unordered_map<Key, Finished> finished_;
  std::uint64_t cells_ = 0, stored_ = 0;  // those that are wanted so far
  std::vector<Key> keys_;                 // of all cells, where the study has rounds
  bool more_may_come_ = false;            // what is stored may ask for more cells
};

}  // namespace assay::cli
