#pragma once

#include "runner/cli/select.h"
#include "runner/explain/history.h"

namespace assay::cli {

struct StageLine {
  std::string name, state, reason;  // state: computed, checkpoint, not needed
  std::uint64_t shared = 0;         // other cells of the study that need it
};

struct Explained {
  Chosen cell;
  std::string config;
  const store::CellRecord* record = nullptr;
  bool compared = false;          // a missing one, with all that is stored
  explain::Reason reason;         // then
  std::vector<StageLine> stages;  // of one that would run
  bool stored() const { return record && record->status == store::Status::kDone; }
  const char* state() const {
    return !cell.wanted ? "not asked for" : stored() ? "stored" : record ? "failed" : "missing";
  }
};

// Explains the chosen cells; at most `most` missing ones are compared with what is stored. Where
// only one cell is chosen, its stages too.
std::vector<Explained> explain_cells(const config::Study& study, const design::Wanted& wanted,
                                     const explain::History& history, std::vector<Chosen> chosen,
                                     std::size_t most);

}  // namespace assay::cli
