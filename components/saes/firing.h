#pragma once

#include <span>

#include "components/nn/forward.h"

namespace assay::saes {

// How long each latent has been silent: the parameter "since_firing" (latents), which no gradient
// reaches, so that it is in every checkpoint. Counted in steps or in examples, as the caller says,
// and no further than kMostSilence, to which floats count exactly.
inline constexpr double kMostSilence = 1 << 24;

void declare_firing(nn::Parameters& out, int latents);
// After the step, latents that fire in `code` begin anew and the others are silent by `by` more.
void count_firing(nn::Forward& pass, nn::Var code, double by);  // n x latents
void count_firing(nn::Forward& pass, const nn::SparseRows& code, double by);
// Those that have been silent for at least `after`, ascending, on the tape.
std::span<const int> dead_latents(nn::Forward& pass, double after);

}  // namespace assay::saes
