#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runner/design/design.h"

namespace assay::config {

struct Study;

enum class ClaimKind { kBetter, kEqual, kAtLeast, kAtMost, kOrdering, kSlope };
enum class ClaimTest { kSignFlip, kPairedT, kWilcoxon, kWelch };

// The variants of one side of a claim, in the order of the contexts: the combinations of those axes
// that the claim says nothing of. Sides have the same contexts, and one variant in each.
struct ClaimSide {
  std::string name;  // as tables would call it: "diep"
  std::vector<std::uint64_t> variants;
};

// [[claim]]: what the study says must hold, resolved against its design.
struct Claim {
  std::string text;
  std::string metric;   // "eval.nll"
  bool highest = true;  // more of it is better
  ClaimKind kind = ClaimKind::kBetter;
  // better, worse; the two that are equal; the one that is at least or at most; of an ordering all,
  // the best first; of a slope those along the axis.
  std::vector<ClaimSide> sides;
  ClaimKind slope = ClaimKind::kAtLeast;  // of a slope: how it compares with the bound
  std::vector<double> positions;          // of a slope: the axis values of its sides
  bool log = true;                        // of a slope: log-log
  double margin = 0.0;  // by which it must be better; of equal ones: less than which
  double bound = 0.0;   // at least, at most; of a slope its value
  double alpha = 0.05;
  std::optional<ClaimTest> test;  // nothing: the default of analyse
  std::string paper;              // what the paper says, as shown beside the verdict
  Position where;
};

// What "stage.metric" declares; nothing where it declares nothing.
std::optional<bool> higher_is_better(const std::string& metric);

// Reads every [[claim]] of a study whose stages and design have been read, and reports every
// mistake. Where a profile or an option has narrowed the study, claims about what is then not there
// are taken out of its tree. Mistakes are: unknown axes and values, sides that hold several
// variants or none, metrics of stages that there are not.
std::vector<Claim> read_claims(Study& study, Diagnostics& out);

}  // namespace assay::config
