#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runner/design/ablation.h"
#include "runner/design/design.h"

namespace assay::config {

struct Study;

enum class AblationDesign { kLeaveOneOut, kAddOneIn, kPath, kFactorial, kPairs, kShapley };
// Which part a greedy path removes next: the one whose removal costs least, or most.
enum class Greedy { kLeast, kMost };

// [ablation]: the full system is the pipeline as written; parts of it are removed.
struct Ablation {
  struct Part {
    std::string name;
    // Parameter paths and what stands there when the part is removed.
    std::vector<std::pair<std::string, Value>> without;
    Position where;  // of its table
  };
  AblationDesign design = AblationDesign::kLeaveOneOut;
  std::vector<Part> parts;
  std::vector<std::string> values;  // metrics that effects are told of; empty: all
  int resolution = 0;               // of a factorial; 0: full
  // Of a path whose order comes from results (rounds/greedy_path.cpp): `points` then holds every
  // system that it could come to.
  std::optional<Greedy> greedy;
  bool highest = true;  // of a greedy path: more of its value is better
  // The systems that are run. Value i of the axis "ablation" is points.subsets[i].
  design::AblationPoints points;
};

// Names of the design's systems: "full", "without a + b", "only a", "bare".
std::string system_name(const Ablation& ablation, design::Subset system);

// Reads [ablation] of a study whose stages have been read. Nothing where there is none, or where it
// has mistakes: all are reported.
std::optional<Ablation> read_ablation(const Study& study, Diagnostics& out);

// The axis that it adds to the design: every system sets the paths of the parts that it lacks.
design::Axis axis_of(const Ablation& ablation);

}  // namespace assay::config
