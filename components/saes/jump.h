#pragma once

#include "components/nn/tape.h"

namespace assay::saes {

// How the threshold's gradient is estimated: by a rectangle of width `bandwidth` around it
// (Rajamanoharan et al. 2024b, eqs. 9 to 12).
struct Jump {
  double bandwidth = 0.001;
  bool counts = false;  // 1 where u > theta, in place of u
};

// u where u > theta, else 0; u: n x latents, theta: latents, above 0.
nn::Var jump(nn::Var u, nn::Var theta, Jump how);

}  // namespace assay::saes
