#pragma once

#include "components/saes/unit_norm.h"

namespace assay::saes {

// Which latents fire, and how strongly, are two questions with shared directions:
// gate = W (x - b) + c, magnitude = exp(r) * W (x - b) + m, z = relu(magnitude) where gate > 0,
// x' = D' z + b; loss = mean |x - x'|² + mean |x - x''|² + a penalty on relu(gate), where x'' is
// rebuilt from relu(gate) by D and b as constants. Rajamanoharan et al. 2024a, eqs. 6 to 8. So the
// penalty, which shrinks, never touches the magnitudes.
struct GatedBase : LatentSae {
  float l1 = 0.1F;
  float warmup = 0.0F;
  bool project = true;

  template <class T>
  static void gated_params(Params<T>& p) {
    latents_param(p);
    p.add("l1", &GatedBase::l1)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the L1 norm of the gates above 0.");
    p.add("warmup", &GatedBase::warmup)
        .range(0, 1)
        .doc("Share of the training over which the weight rises from 0.");
    p.add("project", &GatedBase::project)
        .doc("Whether the decoder's gradient keeps to what leaves the norms of its rows.")
        .source("Bricken et al. 2023");
  }
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override;
  nn::Var encode(nn::Forward& pass, nn::Var x) const override;
  nn::Var decode(nn::Forward& pass, nn::Var code) const override;
  nn::Var loss(nn::Forward& pass, nn::Var x, nn::Var target) const override;
  void after_step(nn::Parameters& parameters) const override;

 protected:
  // Of gates, n x latents, those below 0 set to 0.
  virtual nn::Var gate_penalty(nn::Forward& pass, nn::Var gates, double weight) const = 0;
};

}  // namespace assay::saes
