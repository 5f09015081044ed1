#pragma once

#include <span>

#include "components/nn/forward.h"

namespace assay::saes {

// Gives dead latents another start (Bricken et al. 2023, appendix "Neuron Resampling"): one that
// has been silent for `dead_after` takes the direction of an example, drawn with probability in
// proportion to the square of its loss, as its decoder row; its encoder row is the same at 0.2 of
// the mean norm of those alive, its bias 0. Examples are those of the batch, less the decoder's
// bias, where the paper draws from 819,200.
// The optimizer then forgets them (Sae::restarted).
void resample_after_step(nn::Forward& pass, nn::Var x, nn::Var rebuilt, double dead_after);
// The latents that began anew since it was last asked.
std::span<const int> resampled(nn::Forward& pass);

}  // namespace assay::saes
