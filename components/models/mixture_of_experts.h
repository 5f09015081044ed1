#pragma once

#include "components/models/model.h"
#include "components/routers/router.h"

namespace assay {

// A layer of experts, each a perceptron W2 act(W1 x + b1) + b2 under "<prefix>experts.<i>", and the
// router "<prefix>router" that sends each row to k of them (Shazeer et al. 2017), or mixes rows
// into slots (Puigcerver et al. 2023). Only routed rows are computed: all of them, or with a
// capacity at most ceil(capacity * assignments / experts) for each expert (Fedus et al. 2021,
// arXiv:2101.03961, eq. 3): the first ones, or with `prioritised` those that come first where rows
// are taken in the order of their largest weight, first choices of all rows before second ones, and
// so on; ties go to the earlier row (batch prioritised routing, Riquelme et al. 2021,
// arXiv:2106.05974, section 4.1 and algorithm 2). A row that no expert computes keeps its base.
struct MixtureOfExperts {
  int experts = 8;
  int hidden = 32;  // of each expert
  nn::Activation activation = nn::Activation::kRelu;
  double capacity = 0.0;  // 0: all rows
  bool prioritised = false;

  void declare(nn::Parameters& out, std::string_view prefix, const Router& router, int features,
               const Stream& init) const;
  // base + sum_j w_j expert_j(x); x and base: n x features -> n x features. Sequences have `length`
  // rows. Beside the router's own statistics there are
  //   "<prefix>router.dropped" (3): rows, rows that no expert computed, and assignments that the
  //     capacity refused
  //   "<prefix>router.routed_to" (n x k), in evaluation, where rows are sent: the experts that
  //     computed each row, the largest weight first, then -1
  //   "<prefix>router.routed_with" (n x k): their weights, in the same order
  nn::Var apply(nn::Forward& pass, std::string_view prefix, const Router& router, nn::Var base,
                nn::Var x, int length = 1) const;
  // Of one row in `layers` such layers, whose experts have `weights` weights together.
  double multiply_adds(const Router& router, double weights, int features, int length = 1,
                       int layers = 1) const;

 private:
  nn::Var expert(nn::Forward& pass, std::string_view prefix, int e, nn::Var x,
                 std::span<const int> rows) const;
  nn::Var apply_slots(nn::Forward& pass, std::string_view prefix, const Router& router,
                      nn::Var base, nn::Var x, int length) const;
};

}  // namespace assay
