#include "components/saes/auxk.h"

#include "components/saes/unit_norm.h"

namespace assay::saes {

nn::Var AuxK::with_auxiliary(nn::Forward& pass, nn::Var loss, nn::Var x, nn::Var rebuilt) const {
  const auto dead = dead_latents(pass, dead_after);
  if (dead.empty()) return loss;
  const int count = static_cast<int>(dead.size());
  const int most = aux_k > 0 ? aux_k : std::max(1, x.shape().back() / 2);
  const nn::Var bias = pass.parameter("encoder.bias");
  const nn::Var column = nn::reshape(bias, {static_cast<int>(bias.shape().count()), 1});
  nn::SparseRows code =
      nn::topk_linear(centred(pass, x), nn::gather_rows(pass.parameter("encoder.weight"), dead),
                      nn::reshape(nn::gather_rows(column, dead), {count}), std::min(most, count));
  code.values = nn::relu(code.values);
  const nn::Var left = nn::stop_gradient(nn::subtract(x, rebuilt));
  const nn::Var guess =
      nn::combine_rows(code, nn::gather_rows(pass.parameter("decoder.weight"), dead));
  return nn::add(loss, nn::scale(mean_square(guess, left), aux));
}

}  // namespace assay::saes
