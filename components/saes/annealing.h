#pragma once

#include "components/saes/sae.h"

namespace assay::saes {

// The sum over entries above 0 of a to the power p, 0 < p <= 1. The slope p a^(p - 1) is that of
// 1e-8 for numbers below, where it would grow without bound.
nn::Var sum_of_powers(nn::Var a, double p);

// A penalty weight * mean sum_i z_i^p whose p falls during training, so that it comes to count
// latents rather than to shrink them (Karvonen et al. 2024, arXiv:2408.00113, p-annealing). From
// the share `start` of training on, p falls `updates` times by the same amount, at equal distances,
// from 1 to p_end, which holds for the last of these times. With each fall the weight is multiplied
// by the mean of the old sum over that of the new one, both over the last `window` batches, so that
// the penalty stays what it was.
// What training remembers of it is the parameter "annealing", which no gradient reaches.
struct Annealing {
  float p_end = 0.2F;
  float start = 0.2F;
  int updates = 10;
  int window = 10;

  template <class T>
  static void annealing_params(Params<T>& p) {
    p.add("p_end", &Annealing::p_end)
        .above(0)
        .at_most(1)
        .neutral(1.0)
        .doc("The power of the codes at the end of training; it begins as 1.")
        .source("Karvonen et al. 2024; the default is ours");
    p.add("start", &Annealing::start)
        .at_least(0)
        .below(1)
        .doc("Share of the training after which the power begins to fall.");
    p.add("updates", &Annealing::updates)
        .range(1, 1000000)
        .doc("How often it falls; once in a step at most.")
        .source("dictionary_learning, n_sparsity_updates");
    p.add("window", &Annealing::window)
        .range(1, 1000)
        .unit("steps")
        .doc("Batches over which sums are compared to adapt the weight.")
        .source("dictionary_learning, sparsity_queue_length");
  }
  void declare_annealing(nn::Parameters& out) const;
  // `weight` times the sum of powers of a code, n x latents, adapted.
  nn::Var penalty(nn::Forward& pass, nn::Var code, double weight) const;

 private:
  double power(int falls) const;
  int falls_at(double progress) const;
  struct Level;
  Level level_of(const nn::Tensor& state, double progress) const;
  void remember(nn::Forward& pass, nn::Var code, const Level& level) const;
};

}  // namespace assay::saes
