#pragma once

#include "components/metrics/metric.h"

namespace assay::metrics {

// Of each latent, the share of the split's rows in which its code is not 0.
inline std::vector<double> firing_shares(Evaluation& e) {
  const nn::Tensor& codes = e.codes();
  const auto latents = static_cast<std::size_t>(codes.shape().back());
  std::vector<double> out(latents);
  for (std::int64_t i = 0; i < codes.count(); ++i)
    if (codes.get(i) != 0.0) out[static_cast<std::size_t>(i) % latents] += 1.0;
  for (double& share : out) share /= static_cast<double>(codes.shape().rows());
  return out;
}

}  // namespace assay::metrics
