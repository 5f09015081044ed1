#pragma once

#include <string>
#include <vector>

#include "runner/analyse/anova.h"
#include "runner/analyse/attribution.h"
#include "runner/analyse/outcome.h"
#include "runner/cli/present.h"

namespace assay::cli {

// What a part, or two together, are worth by one metric, over the replicates.
struct Attributed {
  std::string name;  // "router", "router x objective"
  double effect = 0.0;
  analyse::Interval interval;  // 95%, sampling of orders included
  double p = 1.0;              // sign flips, two-sided
  std::size_t seeds = 0, dropped = 0;
  double sampling_error = 0.0;  // of Shapley values by sampled orders
  std::vector<std::string> aliases;
};

struct Effects {
  std::string metric;
  std::vector<Attributed> parts;
  std::vector<Attributed> interactions;  // where the design sees them
  // Of a full factorial; empty elsewhere, or where fewer than two seeds have all systems.
  std::vector<analyse::AnovaRow> variance;
  std::vector<std::string> warnings;
};

// Of each metric that the ablation names, or of all that were measured. Other axes of the study are
// averaged over, replicate by replicate.
std::vector<Effects> part_effects(const config::Study& study, const Results& results);

std::string effects_text(const config::Study& study, const std::vector<Effects>& effects);
std::string effects_json(const config::Study& study, const std::vector<Effects>& effects);

}  // namespace assay::cli
