#pragma once

#include <map>
#include <vector>

#include "runner/analyse/claims.h"
#include "runner/analyse/outcome.h"

// Claims of one study whose seeds are added until they are decided.
//
// Each claim is looked at with `sizes` seeds, one size after the other, until it is decided. A look
// has a level of its own (sequential.h, Pocock-like spending over the looks), which depends on the
// alpha of the whole claim and grows with it. So a look's p value can be read backwards: the
// smallest alpha with which the claim would have stopped there. The least of these over the looks,
// taken where the effect lies on the side of the claim, is its sequential p value (Liu and Anderson
// 2008), valid whenever one stops. Holm over the sequential p values of all claims, those decided
// earlier included as they stood, keeps the chance of even one false REPRODUCED at alpha, whatever
// the dependence between claims and whatever made each of them stop (Ye, Li, Liu and Yao 2013;
// Maurer and Bretz 2013, whose condition is that levels grow with alpha).
//
// Refuted is a claim whose repeated interval (of confidence 1 - the look's level) lies wholly on
// the other side; as without looks this is not corrected for other claims.
namespace assay::analyse {

// From min half as many again each time, rounded up, to max; a step to less than half of the next
// one away from max goes to max.
std::vector<std::size_t> look_sizes(std::size_t min, std::size_t max);

// The levels of looks as functions of the alpha that all of them spend together, tabulated.
class LookLevels {
 public:
  LookLevels(const std::vector<std::size_t>& sizes, std::size_t first, Alternative alternative,
             const std::vector<double>& alphas);

  // Of a look, where all together spend `alpha`, one of those tabulated; 0 before `first`.
  double level(std::size_t look, double alpha) const;
  // The smallest alpha with which p would stop this look; between those tabulated by a straight
  // line in logarithms, never below the first, 1 beyond the last.
  double alpha_of(std::size_t look, double p) const;

 private:
  std::size_t first_;
  std::vector<double> alphas_;               // ascending
  std::vector<std::vector<double>> levels_;  // [look - first][alpha]
};

// The first look at which an outcome of the claim's test could reach its alpha at all: earlier ones
// decide nothing and spend nothing. sizes.size() where there is none.
std::size_t first_look(const std::vector<std::size_t>& sizes, const Evidence& claim);

class SequentialClaims {
 public:
  // Of the claims everything but their sides counts here.
  SequentialClaims(std::vector<std::size_t> sizes, const std::vector<Evidence>& claims);

  // Takes the next look: of claims that are open the sides must hold that many replicates.
  void look(const std::vector<Evidence>& claims);

  const std::vector<std::size_t>& sizes() const { return sizes_; }
  std::size_t looks() const { return taken_; }
  // Whether more seeds are to decide the claim. Of one in which no pair is whole they are not.
  bool open(std::size_t claim) const;
  const std::vector<Decision>& decisions() const { return decisions_; }

 private:
  const LookLevels& levels_of(const Evidence& claim) const;
  Comparison compared(std::size_t claim, Evidence evidence) const;
  void decide(const std::vector<Evidence>& claims, const std::vector<Comparison>& found);
  double least_level(const Evidence& claim) const;

  std::vector<std::size_t> sizes_;
  std::map<std::pair<std::size_t, Alternative>, LookLevels> levels_;
  std::vector<double> sequential_;  // p value of each claim
  std::vector<Decision> decisions_;
  std::size_t taken_ = 0;
};

// The nominal level of the last look for one of `count` claims of this kind, as a lower bound of
// what a study of these sizes can find; 0 where no look can decide.
double last_level(const std::vector<std::size_t>& sizes, const Evidence& claim, std::size_t count);

}  // namespace assay::analyse
