#pragma once

#include "components/saes/firing.h"
#include "components/saes/sae.h"

namespace assay::saes {

// The auxiliary loss of Gao et al. 2024 (section 2.4, AuxK): the `aux_k` largest of the dead
// latents rebuild what the others left over, aux * mean |e - D' z|², e = x - x' as a constant. It
// gives a gradient to latents that would have none.
struct AuxK {
  float aux = 0.0F;
  int aux_k = 0;
  int dead_after = 10'000'000;

  template <class T>
  static void aux_params(Params<T>& p, int since) {
    p.add("aux", &AuxK::aux)
        .at_least(0)
        .doc("Weight of the auxiliary loss of dead latents; 0: none.")
        .source("Gao et al. 2024, appendix A.2: 1/32")
        .since(since);
    p.add("aux_k", &AuxK::aux_k)
        .range(0, 1 << 20)
        .unit("latents")
        .doc("Dead latents kept for each example; 0: half as many as there are features.")
        .source("Gao et al. 2024, appendix A.2")
        .since(since);
    p.add("dead_after", &AuxK::dead_after)
        .range(1, kMostSilence)
        .unit("examples")
        .doc("A latent is dead that has been silent for as many.")
        .source("Gao et al. 2024, appendix A.2")
        .since(since);
  }
  // The loss with the auxiliary one added, where there are dead latents.
  nn::Var with_auxiliary(nn::Forward& pass, nn::Var loss, nn::Var x, nn::Var rebuilt) const;
};

}  // namespace assay::saes
