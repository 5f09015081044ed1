#pragma once

#include <vector>

#include "components/models/model.h"

namespace assay {

// A weight that could go: where it is and how much it is worth. Removed ones have the lowest
// scores; ties go to the lower parameter and index, so that nothing depends on the order of a sort.
struct Candidate {
  double score = 0.0;
  int parameter = 0;
  std::int64_t index = 0;
};

// The prunable parameters: those with Role::kWeight.
std::vector<nn::Parameter*> prunable(TrainedModel& model);
// "block1.up" of "block1.up.weight".
std::string layer_of(const nn::Parameter& parameter);
// Whether an entry is there: no mask removed it.
bool there(const nn::Parameter& parameter, std::int64_t index);
// Adds a mask of ones where there is none.
void ensure_mask(nn::Parameter& parameter);
// Masks an entry and zeroes it.
void remove_entry(nn::Parameter& parameter, std::int64_t index);
// Masks the `count` candidates of lowest score. Entries masked before count as removed already:
// they must have score -infinity.
void remove_lowest(const std::vector<nn::Parameter*>& parameters,
                   std::vector<Candidate>& candidates, std::int64_t count);
// round(fraction * total), halves up.
std::int64_t share(double fraction, std::int64_t total);
// The score of an entry, or -infinity where a mask removed it before.
double score_or_gone(const nn::Parameter& parameter, std::int64_t index, double score);

}  // namespace assay
