#pragma once

#include <algorithm>
#include <cmath>

#include "components/optimizers/optimizer.h"
#include "runner/registry/registry.h"

namespace assay {

// Weight decay acts on weights and embeddings; biases, gates and routers are left alone.
inline bool decays(const nn::Parameter& parameter) {
  return parameter.role == nn::Role::kWeight || parameter.role == nn::Role::kEmbedding;
}

// The learning rate over a training: a linear warm-up, then, counted in s of S steps after it,
//   constant      lr
//   cosine        lr (1 + cos(pi s / S)) / 2 (Loshchilov and Hutter 2017, eq. 5 with one period)
//   linear        lr (1 - s / S), which would be 0 one step after the last
//   step          lr times `drop` for each share of all steps in `drop_at` that has passed (He et
//                 al. 2016, section 4.2)
//   inverse-sqrt  lr sqrt(w / t) at step t, counted from 1, for a warm-up of w steps, at least 1
//                 (Vaswani et al. 2017, eq. 3, scaled to lr at its highest)
struct Schedule : Optimizer {
  enum class Shape { kConstant, kCosine, kLinear, kStep, kInverseSqrt };
  float lr = 1e-3F;
  Shape schedule = Shape::kConstant;
  int warmup = 0;
  std::vector<double> drop_at = {0.5, 0.75};
  double drop = 0.1;

  template <class T>
  static void schedule_params(Params<T>& p) {
    p.add("lr", &Schedule::lr).above(0).at_most(1000).doc("Learning rate.");
    p.add("schedule", &Schedule::schedule, {"constant", "cosine", "linear", "step", "inverse-sqrt"})
        .doc("After the warm-up.");
    p.add("warmup", &Schedule::warmup).at_least(0).unit("steps").doc("Linear warm-up.");
    p.add("drop_at", &Schedule::drop_at)
        .range(0, 1)
        .doc("Shares of the training at which the schedule step lowers the rate.")
        .source("He et al. 2016, section 4.2")
        .since(2);
    p.add("drop", &Schedule::drop)
        .above(0)
        .at_most(1)
        .doc("What the rate is multiplied by there.")
        .source("He et al. 2016, section 4.2")
        .since(2);
  }
  // At step 0 … total - 1.
  double rate(std::int64_t step, int total) const {
    if (step < warmup) return lr * static_cast<double>(step + 1) / warmup;
    const double span = std::max(1, total - warmup), gone = static_cast<double>(step - warmup);
    if (schedule == Shape::kCosine)
      return 0.5 * lr * (1.0 + std::cos(3.141592653589793 * gone / span));
    if (schedule == Shape::kLinear) return lr * (1.0 - gone / span);
    if (schedule == Shape::kStep) return lr * dropped(step, total);
    if (schedule == Shape::kInverseSqrt)
      return lr * std::sqrt(std::max(1, warmup) / static_cast<double>(step + 1));
    return lr;
  }

 private:
  double dropped(std::int64_t step, int total) const {
    double out = 1.0;
    for (const double share : drop_at)
      if (static_cast<double>(step) >= share * total) out *= drop;
    return out;
  }
};

}  // namespace assay
