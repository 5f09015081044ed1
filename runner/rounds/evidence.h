#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "runner/analyse/attribution.h"
#include "runner/analyse/claims.h"
#include "runner/config/study.h"
#include "runner/design/wanted.h"
#include "runner/store/record.h"

// From stored cells to what claims and ablations are decided by.
namespace assay::rounds {

// The record of a cell, null where it has not run.
using Lookup =
    std::function<const store::CellRecord*(std::uint64_t variant, std::uint64_t replicate)>;

// Of a cell that is done, a metric or a number of a curve (config/curve_place.h); nothing where it
// was not measured, or is no finite number.
std::optional<double> measured(const store::CellRecord* record, const std::string& metric);

// What a claim says, without what was measured.
analyse::Evidence question_of(const config::Claim& claim);

// With the first `replicates` seeds: of each side the mean over its contexts, in each replicate
// that has all of them.
analyse::Evidence evidence_of(const config::Claim& claim, std::uint64_t replicates,
                              const Lookup& lookup);

// Of each system of the study's ablation the mean over the variants that are this system.
analyse::Measurements measurements_of(const config::Study& study, const std::string& metric,
                                      std::uint64_t replicates, const Lookup& lookup);

// What of the systems is wanted, in the place of what was measured: 0, or nothing.
analyse::Measurements wanted_of(const config::Study& study, const design::Wanted& wanted);

// The variants that are a system of the study's ablation, which is its first axis.
using VariantsOfSystem = std::unordered_map<design::Subset, std::vector<std::uint64_t>>;
VariantsOfSystem variants_of_systems(const config::Study& study);

}  // namespace assay::rounds
