// Ancestral sampling of absorbing diffusion (Austin et al. 2021, D3PM; Sahoo et al. 2024, MDLM).
// alpha_t is the share of tokens that noise has left at time t, from 0 at t = 1 to 1 at t = 0.
// Times fall from 1 to 0 in equal steps, and in a step from t to s each mask is filled, whatever
// the others do, with probability (alpha_s - alpha_t) / (1 - alpha_t), by a draw from the model's
// softmax; the last step fills all. As steps grow no two positions are filled in one, and samples
// follow the model's own distribution over random orders.
//
// The analytic sampler of score models (Lou et al. 2024, SEDD; MDLM has it, too) is the same here,
// and no choice of its own: with sigma = -log alpha, and scores alpha_t / (1 - alpha_t) p(x), which
// is what a model of the tokens means, its probability of filling in x is (e^(sigma_t - sigma_s) -
// 1) alpha_t / (1 - alpha_t) p(x) = (alpha_s - alpha_t) / (1 - alpha_t) p(x). What differs is the
// Euler step with the rates at t alone, -alpha'_t (t - s) / (1 - alpha_t) (SEDD), cut at 1:
// the same for the linear schedule, sooner or later for those that bend.
//
// Schedules (Shi et al. 2024, MD4): linear 1 - t; polynomial 1 - t²; cosine 1 - cos(pi (1
// - t) / 2); geometric exp(-a^(1 - t) b^t), a = 1e-5, b = 20. The model is not told t, so a step
// that fills nothing needs no new call of it (`cached`, as in MDLM); without, each step of a
// row that has masks is one. On the linear schedule, remask with eta = 0 and temperature = 1 is the
// same without a cache.
#include <algorithm>
#include <cmath>

#include "components/samplers/masked.h"

namespace assay::samplers {
namespace {

constexpr double kHalfPi = 1.57079632679489661923;
constexpr double kLeast = 1e-5, kMost = 20.0;  // sigma of the geometric schedule

struct MaskedAncestral final : MaskedSampler {
  enum class Schedule { kLinear, kPolynomial, kCosine, kGeometric };
  enum class Rates { kExact, kEuler };
  static constexpr Info kInfo{"masked-ancestral", 1,
                              "Fills masked tokens by reversing absorbing diffusion (D3PM, MDLM).",
                              "Sahoo et al. 2024, arXiv:2406.07524; Austin et al. 2021, "
                              "arXiv:2107.03006",
                              true};
  int steps = 64;
  Schedule schedule = Schedule::kLinear;
  Rates rates = Rates::kExact;
  bool cached = true;

  MaskedAncestral() { temperature = 1.0; }

  static void params(Params<MaskedAncestral>& p) {
    p.add("steps", &MaskedAncestral::steps)
        .range(1, 1e6)
        .unit("steps")
        .doc("From all masks to none.");
    p.add("schedule", &MaskedAncestral::schedule, {"linear", "polynomial", "cosine", "geometric"})
        .doc("Of the share of tokens that noise leaves.")
        .source("Shi et al. 2024, arXiv:2406.04329");
    p.add("rates", &MaskedAncestral::rates, {"exact", "euler"})
        .doc("exact: probabilities of the whole step (analytic); euler: rates at its start.")
        .source("Lou et al. 2024, arXiv:2310.16834");
    p.add("cached", &MaskedAncestral::cached)
        .doc("Steps that fill nothing cost no call.")
        .source("Sahoo et al. 2024");
    masked_params(p, 0, 0);
  }

 private:
  // Steps are counted by row.calls, which steps without a call advance too.
  void advance(MaskedRow& row, std::vector<Guess> guesses, Stream& stream) const override {
    while (!step(row, guesses, stream) && cached) ++row.calls;
  }

  // Whether anything was filled.
  bool step(MaskedRow& row, const std::vector<Guess>& guesses, Stream& stream) const {
    const double fill = probability(row.calls);
    bool any = false;
    for (const Guess& guess : guesses) {
      if (stream.uniform() >= fill) continue;
      row.fill(guess);
      any = true;
    }
    return any;
  }

  // That a mask is filled in step k of 1 … steps.
  double probability(int k) const {
    if (k >= steps) return 1.0;
    const double width = 1.0 / steps, t = 1.0 - (k - 1) * width, left = 1.0 - alpha(t);
    if (rates == Rates::kEuler) return std::min(1.0, slope(t) * width / left);
    return (alpha(1.0 - k * width) - alpha(t)) / left;
  }

  double alpha(double t) const {
    switch (schedule) {
      case Schedule::kLinear:
        return 1.0 - t;
      case Schedule::kPolynomial:
        return 1.0 - t * t;
      case Schedule::kCosine:
        return 1.0 - std::cos(kHalfPi * (1.0 - t));
      default:
        return std::exp(-sigma(t));
    }
  }
  // -d alpha / dt
  double slope(double t) const {
    switch (schedule) {
      case Schedule::kLinear:
        return 1.0;
      case Schedule::kPolynomial:
        return 2.0 * t;
      case Schedule::kCosine:
        return kHalfPi * std::sin(kHalfPi * (1.0 - t));
      default:
        return alpha(t) * sigma(t) * std::log(kMost / kLeast);
    }
  }
  static double sigma(double t) { return std::pow(kLeast, 1.0 - t) * std::pow(kMost, t); }
};
ASSAY_REGISTER(Sampler, MaskedAncestral);

}  // namespace
}  // namespace assay::samplers
