#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runner/registry/key.h"
#include "runner/registry/stage.h"

namespace assay::store {

enum class Status : std::uint8_t { kDone = 1, kFailed = 2 };

// The result of one cell: what is stored, and all that reports read.
struct CellRecord {
  Key key;  // of the cell: hash of its stages' names and keys
  Status status = Status::kDone;
  std::string config;  // the cell's axis values: one line of TOML
  std::uint64_t replicate = 0;
  std::string failed_stage;       // where it failed
  std::string message;            // why
  std::vector<Measured> metrics;  // "<stage>.<metric>"
  std::vector<Curve> curves;      // "<stage>.<curve>"
  double seconds = 0.0;           // compute time of its stages, shared ones included
  double finished = 0.0;          // Unix time
  Key origin;                     // of origins/<key>.toml; zero where an older Assay kept none
  bool operator==(const CellRecord&) const = default;
};

// How long a stage took and what it gave, for expectations of later plans.
struct StageTiming {
  std::string stage;      // name in the study
  std::string component;  // "train"
  double seconds = 0.0;
  double bytes = 0.0;  // of its artifact in memory
  bool operator==(const StageTiming&) const = default;
};

}  // namespace assay::store
