#include "runner/analyse/sequential_claims.h"

#include <algorithm>
#include <cmath>

#include "runner/analyse/multiplicity.h"
#include "runner/analyse/power.h"
#include "runner/analyse/sequential.h"

namespace assay::analyse {

namespace {

// Equality is two one-sided tests, the larger p of which is at hand; the others are two-sided.
Alternative alternative_of(const Evidence& claim) {
  return is_equality(claim) ? Alternative::kGreater : Alternative::kTwoSided;
}

// What Holm over `count` claims compares a p value with, and between them enough to show one.
std::vector<double> alphas_of(const std::vector<Evidence>& claims, std::size_t count) {
  constexpr double kLeast = 1e-6, kMost = 0.5;
  constexpr int kShown = 24;
  std::vector<double> out;
  for (int i = 0; i <= kShown; ++i)
    out.push_back(kLeast * std::pow(kMost / kLeast, static_cast<double>(i) / kShown));
  for (const Evidence& claim : claims)
    for (std::size_t left = 1; left <= count; ++left)
      out.push_back(claim.alpha / static_cast<double>(left));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::vector<std::optional<double>> first_of(const std::vector<std::optional<double>>& side,
                                            std::size_t count) {
  return {side.begin(), side.begin() + static_cast<std::ptrdiff_t>(std::min(count, side.size()))};
}

}  // namespace

std::vector<std::size_t> look_sizes(std::size_t min, std::size_t max) {
  std::vector<std::size_t> out = {min};
  while (out.back() < max) {
    std::size_t next = out.back() + (out.back() + 1) / 2;
    const std::size_t step = (next + 1) / 2;
    if (next + (step + 1) / 2 > max) next = max;
    out.push_back(next);
  }
  return out;
}

LookLevels::LookLevels(const std::vector<std::size_t>& sizes, std::size_t first,
                       Alternative alternative, const std::vector<double>& alphas)
    : first_(first),
      alphas_(alphas) {
  const std::vector<std::size_t> used(sizes.begin() + static_cast<std::ptrdiff_t>(first),
                                      sizes.end());
  levels_.resize(used.size());
  if (used.empty()) return;
  for (const double alpha : alphas_) {
    const auto looks = sequential_looks(used, alpha, alternative, Spending::kPocock);
    for (std::size_t k = 0; k < looks.size(); ++k) levels_[k].push_back(looks[k].level);
  }
}

double LookLevels::level(std::size_t look, double alpha) const {
  if (look < first_) return 0.0;
  const auto at = std::lower_bound(alphas_.begin(), alphas_.end(), alpha);
  return levels_[look - first_][static_cast<std::size_t>(at - alphas_.begin())];
}

double LookLevels::alpha_of(std::size_t look, double p) const {
  if (look < first_) return 1.0;
  const std::vector<double>& levels = levels_[look - first_];
  const auto i =
      static_cast<std::size_t>(std::lower_bound(levels.begin(), levels.end(), p) - levels.begin());
  if (i == levels.size()) return 1.0;
  if (i == 0 || !(levels[i - 1] > 0)) return alphas_[i];
  const double part = std::log(p / levels[i - 1]) / std::log(levels[i] / levels[i - 1]);
  return std::min(alphas_[i], alphas_[i - 1] * std::pow(alphas_[i] / alphas_[i - 1], part));
}

std::size_t first_look(const std::vector<std::size_t>& sizes, const Evidence& claim) {
  const Test test = is_equality(claim) ? Test::kPairedT : floor_test(claim.test);
  const auto found = std::find_if(sizes.begin(), sizes.end(), [&](std::size_t size) {
    return smallest_p(test, size, Alternative::kTwoSided) <= claim.alpha;
  });
  return static_cast<std::size_t>(found - sizes.begin());
}

SequentialClaims::SequentialClaims(std::vector<std::size_t> sizes,
                                   const std::vector<Evidence>& claims)
    : sizes_(std::move(sizes)),
      sequential_(claims.size(), 1.0),
      decisions_(claims.size()) {
  const std::vector<double> alphas = alphas_of(claims, claims.size());
  for (const Evidence& claim : claims) {
    const std::pair kind(first_look(sizes_, claim), alternative_of(claim));
    levels_.try_emplace(kind, sizes_, kind.first, kind.second, alphas);
  }
  for (Decision& decision : decisions_) decision.most = sizes_.back();
}

const LookLevels& SequentialClaims::levels_of(const Evidence& claim) const {
  return levels_.at({first_look(sizes_, claim), alternative_of(claim)});
}

bool SequentialClaims::open(std::size_t claim) const {
  const Decision& d = decisions_[claim];
  return taken_ < sizes_.size() && d.verdict == Verdict::kInconclusive &&
         (d.looked == 0 || d.pairs > 0);
}

// With the interval of the look. Before the first look that could decide it is the whole line.
Comparison SequentialClaims::compared(std::size_t claim, Evidence evidence) const {
  const double level = levels_of(evidence).level(taken_, evidence.alpha);
  for (auto& side : evidence.sides) side = first_of(side, sizes_[taken_]);
  if (level > 0) evidence.alpha = level;
  Comparison out = compare(evidence);
  if (!(level > 0)) {
    out.decision.interval = {-kInfinity, kInfinity, 1.0, false};
    out.refuted = false;
  }
  out.decision.looked = sizes_[taken_];
  out.decision.most = decisions_[claim].most;
  return out;
}

void SequentialClaims::look(const std::vector<Evidence>& claims) {
  std::vector<Comparison> found(claims.size());
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (!open(i)) continue;
    found[i] = compared(i, claims[i]);
    if (found[i].supports)
      sequential_[i] =
          std::min(sequential_[i], levels_of(claims[i]).alpha_of(taken_, found[i].decision.p));
  }
  decide(claims, found);
  ++taken_;
}

// What the claim must reach at this look where no other one is decided; where no look can decide
// it, what it would have to reach by itself.
double SequentialClaims::least_level(const Evidence& claim) const {
  const double alpha = claim.alpha / static_cast<double>(decisions_.size());
  const double level = levels_of(claim).level(taken_, alpha);
  return level > 0 ? level : alpha;
}

void SequentialClaims::decide(const std::vector<Evidence>& claims,
                              const std::vector<Comparison>& found) {
  const std::vector<double> adjusted = holm(sequential_);
  const bool last = taken_ + 1 == sizes_.size();
  for (std::size_t i = 0; i < claims.size(); ++i) {
    if (!open(i)) continue;
    Decision d = found[i].decision;
    d.adjusted = adjusted[i];
    // An earlier look may be what others make significant now; the effect must still be there.
    if (found[i].supports && d.adjusted <= claims[i].alpha)
      d.verdict = Verdict::kReproduced;
    else if (found[i].refuted)
      d.verdict = Verdict::kNotReproduced;
    else if (last)
      d.reason = wanting(claims[i], d, least_level(claims[i]));
    decisions_[i] = std::move(d);
  }
}

double last_level(const std::vector<std::size_t>& sizes, const Evidence& claim, std::size_t count) {
  const std::size_t first = first_look(sizes, claim);
  if (first == sizes.size()) return 0.0;
  const double alpha = claim.alpha / static_cast<double>(count);
  return LookLevels(sizes, first, alternative_of(claim), {alpha}).level(sizes.size() - 1, alpha);
}

}  // namespace assay::analyse
