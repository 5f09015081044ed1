#include "components/saes/unit_norm.h"

#include <cmath>

#include "components/nn/dispatch.h"
#include "components/nn/vector_math.h"

namespace assay::saes {

void declare_sae(nn::Parameters& out, int features, int latents, const Stream& init) {
  out.add("decoder.weight", nn::Tensor::normal({latents, features}, 1.0, init.fork("decoder")),
          nn::Role::kWeight);
  unit_decoder(out);
  // Tied at the start (Gao et al. 2024, section 2.4): fewer latents die.
  const nn::Tensor tied = out.get("decoder.weight").value;
  out.add("encoder.weight", tied, nn::Role::kWeight);
  out.add("encoder.bias", nn::Tensor({latents}), nn::Role::kBias);
  out.add("decoder.bias", nn::Tensor({features}), nn::Role::kBias);
}

nn::Var centred(nn::Forward& pass, nn::Var x) {
  return nn::add_row(x, nn::scale(pass.parameter("decoder.bias"), -1.0));
}

nn::Var pre_activations(nn::Forward& pass, nn::Var x) {
  return nn::add_row(nn::matmul_transposed(centred(pass, x), pass.parameter("encoder.weight")),
                     pass.parameter("encoder.bias"));
}

nn::Var decode_linear(nn::Forward& pass, nn::Var code) {
  return nn::add_row(nn::matmul(code, pass.parameter("decoder.weight")),
                     pass.parameter("decoder.bias"));
}

void unit_decoder(nn::Parameters& parameters) {
  nn::Tensor& rows = parameters.get("decoder.weight").value;
  const int d = rows.shape().back();
  nn::dispatch(rows.dtype(), [&](auto t) {
    using T = decltype(t);
    T* row = rows.data<T>().data();
    for (std::int64_t r = 0; r < rows.shape().rows(); ++r, row += d) {
      const T squares = nn::dot_array(row, row, static_cast<std::size_t>(d));
      const T scale = T(1) / std::max(std::sqrt(squares), T(1e-12));
      for (int j = 0; j < d; ++j) row[j] *= scale;
    }
  });
}

}  // namespace assay::saes
