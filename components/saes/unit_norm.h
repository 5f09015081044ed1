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

// Whether the rows of the decoder are kept at unit norm, and whether its gradient keeps to what
// leaves their norms.
struct DecoderNorms {
  bool unit_norm = true;
  bool project = false;

  template <class T>
  static void norm_params(Params<T>& p, int since) {
    p.add("unit_norm", &DecoderNorms::unit_norm)
        .doc("Whether the decoder's rows have norm 1 after each step.")
        .source("Bricken et al. 2023")
        .since(since);
    p.add("project", &DecoderNorms::project)
        .doc("Whether the decoder's gradient keeps to what leaves the norms of its rows.")
        .source("Bricken et al. 2023")
        .since(since);
  }
  std::string check_norms() const;
  nn::Var directions(nn::Forward& pass) const;  // "decoder.weight", as the loss sees it
  void keep_norms(nn::Parameters& parameters) const;
};

// "encoder.weight" (latents x features, starting as the decoder), "encoder.bias", "decoder.weight"
// (latents x features, unit rows), "decoder.bias" (features).
void declare_sae(nn::Parameters& out, const SaeFormat& format, int latents, const Stream& init);
nn::Var centred(nn::Forward& pass, nn::Var x);           // x - b: n x features
nn::Var pre_activations(nn::Forward& pass, nn::Var x);   // W (x - b) + c: n x latents
nn::Var uncentred_code(nn::Forward& pass, nn::Var x);    // relu(W x + c): n x latents
nn::Var decode_linear(nn::Forward& pass, nn::Var code);  // D' z + b: n x features
void unit_decoder(nn::Parameters& parameters);
// The same, encoder and decoder rows of norm `norm`, which nothing keeps them at.
void declare_free_norms(nn::Parameters& out, const SaeFormat& format, int latents, double norm,
                        const Stream& init);
// Of each row, over the columns from `first` on -> n.
nn::Var row_norms(nn::Var rows, int first, int count);
// Each row divided by its norm. Where the norm is 1 already, the gradient is that of `rows` without
// the part along each row: what Bricken et al. 2023 take off the decoder's gradient.
nn::Var unit_rows(nn::Var rows);
nn::Var mean_square(nn::Var rebuilt, nn::Var target);  // mean over examples of |x - x'|²
// The share of its weight that a penalty has: it rises from 0 over the first `share` of training.
double warmed_up(const nn::Forward& pass, double share);
nn::Var positive(nn::Var a);  // 1 where a > 0, else 0; a constant

}  // namespace assay::saes
