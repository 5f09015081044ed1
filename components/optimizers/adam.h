#pragma once

#include "components/optimizers/schedule.h"

namespace assay {

// Adam (Kingma and Ba 2015, algorithm 1) with weight decay on weights either added to the gradient
// or decoupled (Loshchilov and Hutter 2019, algorithm 2).
struct AdamBase : Schedule {
  float beta1 = 0.9F;
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  float weight_decay = 0.0F;

  template <class T>
  static void adam_params(Params<T>& p) {
    schedule_params(p);
    p.add("beta1", &AdamBase::beta1)
        .at_least(0)
        .below(1)
        .doc("Decay of the first moment.")
        .source("Kingma and Ba 2015");
    p.add("beta2", &AdamBase::beta2)
        .at_least(0)
        .below(1)
        .doc("Decay of the second moment.")
        .source("Kingma and Ba 2015");
    p.add("epsilon", &AdamBase::epsilon).above(0).doc("Keeps the division finite.");
    p.add("weight_decay", &AdamBase::weight_decay)
        .neutral(0.0)
        .at_least(0)
        .doc("Of weights and embeddings; not of biases, gates and routers.");
  }
  virtual bool decoupled() const = 0;
  std::unique_ptr<OptimizerState> begin(const nn::Parameters& parameters,
                                        int total_steps) const override;
};

}  // namespace assay
