#pragma once

#include "components/saes/sae.h"

namespace assay::saes {

// "encoder.weight" (latents x features, starting as the decoder), "encoder.bias", "decoder.weight"
// (latents x features, unit rows), "decoder.bias" (features).
void declare_sae(nn::Parameters& out, int features, int latents, const Stream& init);
nn::Var centred(nn::Forward& pass, nn::Var x);           // x - b: n x features
nn::Var pre_activations(nn::Forward& pass, nn::Var x);   // W (x - b) + c: n x latents
nn::Var decode_linear(nn::Forward& pass, nn::Var code);  // D' z + b: n x features
void unit_decoder(nn::Parameters& parameters);

}  // namespace assay::saes
