#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "runner/store/store.h"

namespace assay::store {

// One file of a results folder as it was found.
struct Inspected {
  enum class State {
    kWhole,
    kDamaged,     // its hash is wrong, it is no file, or what it holds does not fit together
    kNewer,       // of a format that this program does not know
    kUnreadable,  // the system would not read it
    kLeftover,    // of a run that is over
    kSetAside     // was damaged before
  };
  std::filesystem::path file;
  std::string kind;  // "segment", "artifact", "midway state", …
  State state = State::kWhole;
  std::string why;
  std::uintmax_t bytes = 0;
};

// Looks, and changes nothing. The states of the cells that whole segments hold are added to
// `states`.
std::vector<Inspected> inspect_segments(const std::filesystem::path& folder,
                                        std::vector<Store::CellState>& states);
// The cells of segments that are not in `seen`, which then are. Of a folder into which others
// write: nothing is changed, nor is damage set aside.
std::vector<CellRecord> look_at_cells(const std::filesystem::path& folder,
                                      std::set<std::filesystem::path>& seen);
// Everything else with an outer hash, what runs left and what was set aside. study.h5 and
// study.toml are not among them: what they should be, the segments and the study say.
std::vector<Inspected> inspect_rest(const std::filesystem::path& folder);
// What was set aside, and what runs that are over left.
std::vector<Inspected> rubbish(const std::filesystem::path& folder);

// Of a file, or of all files below a folder.
std::uintmax_t bytes_of(const std::filesystem::path& file);

}  // namespace assay::store
