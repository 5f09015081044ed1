#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runner/analyse/outcome.h"
#include "runner/analyse/power.h"
#include "runner/registry/random.h"

// Deciding what a study claims. Replicates are the pairs: all sides of a claim saw the same random
// numbers in one replicate.
namespace assay::analyse {

enum class Question { kBetter, kEqual, kAtLeast, kAtMost, kOrdering, kSlope };
enum class DecidedBy { kSignFlip, kPairedT, kWilcoxon, kWelch };

// A claim with what was measured. Values are averages over the contexts of a side, so that one
// replicate is one value; nothing where a cell of it failed or did not run.
struct Evidence {
  Question question = Question::kBetter;
  bool highest = true;
  double margin = 0.0;
  double bound = 0.0;
  double alpha = 0.05;
  DecidedBy test = DecidedBy::kSignFlip;
  Question slope = Question::kAtLeast;  // of a slope: kAtLeast, kAtMost or kEqual to the bound
  bool log = true;                      // of a slope: of logarithms
  std::vector<double> positions;        // of a slope: x of its sides
  std::vector<std::vector<std::optional<double>>> sides;  // [side][replicate]
};

enum class Verdict { kReproduced, kNotReproduced, kInconclusive };

struct Decision {
  Verdict verdict = Verdict::kInconclusive;
  double effect = 0.0;  // in the direction of the claim: above 0 (or the margin) speaks for it
  Interval interval;    // of the effect, of level 1 - alpha
  double p = 1.0;
  double adjusted = 1.0;      // over the claims of the study (Holm)
  std::size_t pairs = 0;      // replicates that count
  std::size_t dropped = 0;    // replicates that lack a value of a side
  double standardised = 0.0;  // Cohen's d_z; 0 where there is no spread
  std::string reason;         // of an inconclusive one: what it would take
  // Where seeds are added until claims are decided (sequential_claims.h); 0 elsewhere.
  std::size_t looked = 0;  // seeds at its last look
  std::size_t most = 0;    // seeds that the study allows
};

// The claims of one study, together: their p values are adjusted by Holm's method.
//
// better, at least, at most: H0 says that the mean (difference) is the margin or bound, two-sided.
// REPRODUCED where the adjusted p is at most alpha and the effect on the side of the claim, NOT
// REPRODUCED where the interval lies wholly on the other side. equal: two one-sided tests against
// the margin; NOT REPRODUCED where the interval lies wholly outside of it. ordering: every
// neighbour better than the next; its p is the largest of theirs (intersection-union, Berger 1982),
// and it is refuted where one of them is. slope: least squares in each replicate; slopes are then
// values like others.
std::vector<Decision> decide(const std::vector<Evidence>& claims);

// One claim by itself, before claims are looked at together.
struct Comparison {
  Decision decision;      // without verdict and adjusted p
  bool supports = false;  // the effect lies on the side of the claim
  bool refuted = false;   // the interval of level 1 - alpha lies wholly on the other side
};
Comparison compare(const Evidence& claim);

// What more seeds could do for an inconclusive claim: reach the level at all, or show an effect of
// the size that was seen.
std::string wanting(const Evidence& claim, const Decision& found, double level);

bool is_equality(const Evidence& claim);  // decided by two one-sided tests
Test floor_test(DecidedBy test);          // the one whose smallest p and power it has

std::string_view verdict_text(Verdict verdict);  // "REPRODUCED", …

}  // namespace assay::analyse
