#pragma once

#include "components/routers/router.h"

// What routers share: which experts are kept, with what weights, and the losses that keep the load
// even.
namespace assay::routers {

// Softmax over the k that are kept (Shazeer et al. 2017, eq. 3-5; Mixtral; the same numbers as
// GShard's softmax over all, divided by its sum over those kept), or over all experts, what is not
// kept being lost (Switch Transformers).
enum class Normalise { kKept, kAll };
inline constexpr std::string_view kNormaliseNames[] = {"kept", "all"};

// For probabilities p (n x E) and the experts that were chosen, k of each row:
//   switch      E sum_e f_e P_e, f_e the share of all n k assignments that e gets (each of a row's
//               k counts alike), P_e the mean of p; 1 when even (Fedus et al. 2021, eq. 4-6)
//   gshard      1/E sum_e (c_e / n) P_e, c_e the rows whose first choice is e, before any capacity;
//               1 / E² when even (Lepikhin et al. 2020, arXiv:2006.16668, algorithm 1)
//   importance  the squared coefficient of variation over experts of the sum of their weights; 0
//               when even (Shazeer et al. 2017, eq. 6-7)
enum class BalanceLoss { kSwitch, kGshard, kImportance };
inline constexpr std::string_view kBalanceLossNames[] = {"switch", "gshard", "importance"};

// "router.k = 3 is more than the 2 experts", or empty.
std::string k_fits(int k, int experts);

// Adds factor times the loss under "<name>.balance".
void add_balance_loss(nn::Forward& pass, std::string_view name, BalanceLoss kind, double factor,
                      nn::Var probabilities, const Assignment& to);
// The mean over rows of (log sum_e exp(logit_e))², times factor, under "<name>.z" (Zoph et al.
// 2022, arXiv:2202.08906, eq. 5).
void add_z_loss(nn::Forward& pass, std::string_view name, double factor, nn::Var logits);

// Group-limited routing: of `groups` groups, each of as many experts that follow one another, a row
// chooses inside the `kept` best, those with the largest sum of their ceil(k / kept) largest
// scores, ties to the lower group (DeepSeek-AI 2024, arXiv:2412.19437, section 2.1.2; with k = kept
// the largest score alone, as in arXiv:2405.04434, section 2.2.2). One group: no limit.
struct GroupLimit {
  int groups = 1;
  int kept = 1;
  // Why experts or k do not fit it, or empty.
  std::string error(int k, int experts) const;
  // The scores (n x experts, no gradient), at -infinity those that a row must not choose.
  nn::Var apply(nn::Var scores, int k) const;
};

// What becomes of the second of two experts in training; evaluation always keeps the second best.
//   best       it is the second best
//   by-weight  of the two weights over their sum, w_1 and w_2, the second best is kept with
//              probability 2 w_2, and w_1 stays as it is (Lepikhin et al. 2020, arXiv:2006.16668,
//              algorithm 1, before its capacity)
//   sampled    it is drawn from the softmax over all experts but the best, by the largest logit
//              plus Gumbel noise (DeepSpeed's top-2 gate, its setting top2_2nd_expert_sampling)
enum class Second { kBest, kByWeight, kSampled };
inline constexpr std::string_view kSecondNames[] = {"best", "by-weight", "sampled"};

// The same with -1000 added for experts that are gone: all of whose rows of this parameter, as many
// for each expert, one after the other, a mask removed. A softmax then gives them 0, and the others
// what it would without them. Numbers so far down would cost a logarithm of the sum its digits if
// they were farther.
nn::Var among_present(nn::Forward& pass, std::string_view weight, nn::Var logits);

// Each row's k largest logits, weighted by a softmax, with load, entropy and balance loss; the loss
// counts the assignments as they are before a second expert is left out.
struct TopK {
  int k = 2;
  Normalise normalise = Normalise::kKept;
  double balance = 0.0;
  BalanceLoss balance_loss = BalanceLoss::kSwitch;
  Second second = Second::kBest;  // another one only for k = 2
};
Assignment keep_top_k(nn::Forward& pass, std::string_view name, nn::Var logits, const TopK& how);

// Every row to the same k experts 0 … k-1, and weights 1 / k for all.
std::span<const int> first_experts(nn::Tape& tape, int rows, int k);
nn::Var equal_weights(nn::Tape& tape, int rows, int k);

// x / |x| by rows. A row of zeros stays one.
nn::Var unit_rows(nn::Var x);
// x times the only number of `factor`.
nn::Var times_number(nn::Var x, nn::Var factor);

}  // namespace assay::routers
