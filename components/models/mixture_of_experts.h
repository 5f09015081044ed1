#pragma once

#include "components/models/model.h"
#include "components/routers/router.h"

namespace assay {

// A layer of experts, each a perceptron W2 act(W1 x + b1) + b2 under "<prefix>experts.<i>", and the
// router "<prefix>router" that sends each row to k of them (Shazeer et al. 2017). Only routed rows
// are computed: all of them, or with a capacity at most ceil(capacity * rows * k / experts) for
// each expert, the first ones (Fedus et al. 2021, arXiv:2101.03961, eq. 3).
struct MixtureOfExperts {
  int experts = 8;
  int hidden = 32;  // of each expert
  nn::Activation activation = nn::Activation::kRelu;
  double capacity = 0.0;  // 0: all rows

  void declare(nn::Parameters& out, std::string_view prefix, const Router& router, int features,
               const Stream& init) const;
  // base + sum_j w_j expert_j(x); x and base: n x features -> n x features.
  nn::Var apply(nn::Forward& pass, std::string_view prefix, const Router& router, nn::Var base,
                nn::Var x) const;
  // Experts that a row visits.
  int per_row(nn::Forward& pass, std::string_view prefix, const Router& router, int features) const;
};

}  // namespace assay
