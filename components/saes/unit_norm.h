#pragma once

#include "components/saes/sae.h"
#include "runner/registry/registry.h"

namespace assay::saes {

// An autoencoder with as many latents as its parameter says.
struct LatentSae : Sae {
  int latents_count = 128;

  template <class T>
  static void latents_param(Params<T>& p) {
    p.add("latents", &LatentSae::latents_count)
        .range(1, 1 << 20)
        .unit("latents")
        .doc("Size of the code.");
  }
  int latents(int /*features*/) const override { return latents_count; }
};

// "encoder.weight" (latents x features, starting as the decoder), "encoder.bias", "decoder.weight"
// (latents x features, unit rows), "decoder.bias" (features).
void declare_sae(nn::Parameters& out, const SaeFormat& format, int latents, const Stream& init);
nn::Var centred(nn::Forward& pass, nn::Var x);           // x - b: n x features
nn::Var pre_activations(nn::Forward& pass, nn::Var x);   // W (x - b) + c: n x latents
nn::Var uncentred_code(nn::Forward& pass, nn::Var x);    // relu(W x + c): n x latents
nn::Var decode_linear(nn::Forward& pass, nn::Var code);  // D' z + b: n x features
void unit_decoder(nn::Parameters& parameters);
// Each row divided by its norm. Where the norm is 1 already, the gradient is that of `rows` without
// the part along each row: what Bricken et al. 2023 take off the decoder's gradient.
nn::Var unit_rows(nn::Var rows);
nn::Var mean_square(nn::Var rebuilt, nn::Var target);  // mean over examples of |x - x'|²
// The share of its weight that a penalty has: it rises from 0 over the first `share` of training.
double warmed_up(const nn::Forward& pass, double share);
nn::Var positive(nn::Var a);  // 1 where a > 0, else 0; a constant

}  // namespace assay::saes
