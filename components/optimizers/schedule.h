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

// The learning rate over a training: a linear warm-up, then constant or half a cosine down to 0
// (Loshchilov and Hutter 2017, eq. 5 with one period).
struct Schedule : Optimizer {
  enum class Shape { kConstant, kCosine };
  float lr = 1e-3F;
  Shape schedule = Shape::kConstant;
  int warmup = 0;

  template <class T>
  static void schedule_params(Params<T>& p) {
    p.add("lr", &Schedule::lr).above(0).at_most(1000).doc("Learning rate.");
    p.add("schedule", &Schedule::schedule, {"constant", "cosine"}).doc("After the warm-up.");
    p.add("warmup", &Schedule::warmup).at_least(0).unit("steps").doc("Linear warm-up.");
  }
  // At step 0 … total - 1.
  double rate(std::int64_t step, int total) const {
    if (step < warmup) return lr * static_cast<double>(step + 1) / warmup;
    if (schedule == Shape::kConstant) return lr;
    const double span = std::max(1, total - warmup);
    return 0.5 * lr *
           (1.0 + std::cos(3.141592653589793 * static_cast<double>(step - warmup) / span));
  }
};

}  // namespace assay
