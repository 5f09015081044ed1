#pragma once

#include <optional>
#include <vector>

#include "runner/analyse/claims.h"
#include "runner/config/study.h"
#include "runner/design/wanted.h"
#include "runner/rounds/evidence.h"

// How a study decides from results what to run next.
//
// Which cells are wanted is a function of the study and of its stored cells, and nothing about
// rounds is kept anywhere. schedule() begins with the first round of cells; where all of them are
// settled (stored, be it as failed) the study's rules look at them and want more, and so on up to
// a round of which cells are still missing. So `assay run` is: ask, run what is wanted and not
// stored, ask again, until nothing more is wanted. A run that was interrupted asks the same
// questions of the same cells and goes on as if it had not been; a command on a results folder
// asks once and sees exactly the cells that an undisturbed run would have run, whatever else is
// stored there. A rule may look only at cells of rounds that are settled, and only at values, never
// at times or the order in which cells came in.
namespace assay::rounds {

struct Schedule {
  design::Wanted wanted;
  // No result could ask for more cells than these. Otherwise a run asks again once they are there.
  bool complete = true;
  std::vector<int> order;  // of a greedy path: the parts removed so far, the first one first
  // Where seeds are added until claims are decided: what they came to, in the order of the study.
  std::optional<std::vector<analyse::Decision>> decisions;
  std::string asks;  // of a later round: why it is wanted, for people
};

bool has_rounds(const config::Study& study);

// `lookup` gives null for a cell that has not run.
Schedule schedule(const config::Study& study, const Lookup& lookup);

// How many variants the study comes to run, and how many cells at least and at most.
struct Range {
  std::uint64_t variants = 0, least = 0, most = 0;
};
Range cells_of(const config::Study& study);

}  // namespace assay::rounds
