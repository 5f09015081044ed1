#pragma once

#include <string>
#include <vector>

#include "runner/design/wanted.h"
#include "runner/graph/linker.h"

namespace assay::cli {

struct Chosen {
  std::uint64_t number = 0;  // in the order of the study, from 0
  std::uint64_t variant = 0, replicate = 0;
  std::vector<int> choice;
  Key key;
  bool wanted = true;  // by what is stored; only a cell named by its number may not be
};

// True for four to 32 lower-case hexadecimal digits that are no number of a cell: those of a key.
bool is_key_prefix(const std::string& text);

// The wanted cells of a study that `text` names: a number, the beginning of a key, or an expression
// over axes and `replicate` (also called seed) as in sweep.exclude. Empty text: all of them. Throws
// StudyError for an expression with mistakes, UsageError for a number that is too large.
std::vector<Chosen> select_cells(const config::Study& study, const graph::Linker& linker,
                                 const design::Wanted& wanted, const std::string& text);

}  // namespace assay::cli
