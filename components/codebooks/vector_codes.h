#pragma once

#include "components/codebooks/codebook.h"
#include "runner/registry/registry.h"

namespace assay {

// What vq and residual-vq share: `codes` vectors that are learnt, "<name>.vectors" (codes x
// features), and the rules that move them. The losses are means over rows and features, so that
// beta weighs the same for every width.
struct VectorCodes : Codebook {
  int codes = 512;
  float beta = 0.25F;
  bool ema = false;
  float decay = 0.99F;
  float restart = 0.0F;

  int size() const final { return codes; }
  void declare_vectors(nn::Parameters& out, std::string_view name, int features,
                       const Stream& init) const;
  struct Nearest {
    nn::Var value;               // n x features, without a gradient
    std::span<const int> codes;  // n
  };
  // The vector nearest to each row; where two are equally near, rounding decides. In training, also
  // the losses and the moves of the vectors.
  Nearest nearest(nn::Forward& pass, std::string_view name, nn::Var x) const;
};

template <class T>
void vector_codes_params(Params<T>& p) {
  p.add("codes", &T::codes).range(2, 65536).unit("codes").doc("Vectors to choose from.");
  p.add("beta", &T::beta)
      .at_least(0)
      .doc("Weight of the commitment loss.")
      .source("van den Oord et al. 2017, section 3.2");
  p.add("ema", &T::ema)
      .doc("Vectors follow the mean of their rows rather than a gradient.")
      .source("van den Oord et al. 2017, appendix A.1");
  p.add("decay", &T::decay)
      .at_least(0)
      .below(1)
      .doc("Of the moving averages, those of usage included.")
      .source("van den Oord et al. 2017, appendix A.1");
  p.add("restart", &T::restart)
      .at_least(0)
      .unit("rows")
      .doc("A vector that on average fewer rows take becomes a row of the batch; 0: never.")
      .source("Dhariwal et al. 2020, arXiv:2005.00341, section 3.1");
}

}  // namespace assay
