#pragma once

#include <string>
#include <vector>

#include "runner/registry/archive.h"
#include "runner/store/record.h"

namespace assay::explain {

// One thing that two records of a cell do not have in common to the last bit.
struct BitDifference {
  std::string what;  // "eval.accuracy", "base.loss at step 40", "status"
  std::string before, after;
  double size = 0.0;  // distance of two finite numbers; infinite for anything else
};

// State, message, metrics and curves; times and origin aside. Of each curve its first difference.
std::vector<BitDifference> bit_differences(const store::CellRecord& before,
                                           const store::CellRecord& after);

// The first part of an archive that is another one; empty where all bits are equal.
std::string archive_difference(const Archive& before, const Archive& after);

// "eval" of "eval.accuracy" and of "base.loss at step 40".
std::string stage_of(const BitDifference& difference);

}  // namespace assay::explain
