#pragma once

#include "components/saes/auxk.h"
#include "components/saes/unit_norm.h"

namespace assay::saes {

// What autoencoders share that keep the n * k largest pre-activations of a whole batch while they
// learn, and in use those above a threshold: the moving mean of the smallest number kept above 0 in
// a batch ("threshold", which no gradient reaches). So the code of an example in use does not
// depend on the others.
struct BatchTopkBase : LatentSae, AuxK, DecoderNorms {
  int k = 8;
  float rate = 0.01F;

  BatchTopkBase() { aux = 1.0F / 32; }
  template <class T>
  static void batch_topk_params(Params<T>& p) {
    latents_param(p);
    p.add("k", &BatchTopkBase::k)
        .range(1, 1 << 20)
        .unit("latents")
        .doc("Kept for each example, on average over a batch.");
    p.add("rate", &BatchTopkBase::rate)
        .above(0)
        .at_most(1)
        .doc("How fast the threshold follows the smallest number kept, for each step.");
    aux_params(p, 0);
    norm_params(p, 2);
  }
  std::string check() const override;
  void declare(nn::Parameters& out, const SaeFormat& format, const Stream& init) const override;
  nn::Var encode(nn::Forward& pass, nn::Var x) const override;
  nn::Var decode(nn::Forward& pass, nn::Var code) const override;
  void after_step(nn::Parameters& parameters) const override;

 protected:
  // `error` with the auxiliary loss; the threshold and the counts of silence follow the step.
  nn::Var finish(nn::Forward& pass, nn::Var error, nn::Var x, nn::Var code, nn::Var rebuilt) const;
};

}  // namespace assay::saes
