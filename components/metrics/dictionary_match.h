#pragma once

#include <vector>

#include "components/nn/tensor.h"

namespace assay::metrics {

struct DictionaryMatch {
  std::vector<int> latent;     // of each atom; -1 where there is none left
  std::vector<double> cosine;  // of each atom with it
};
// Each atom (n x d) with a distinct row of the decoder (m x d), the pair of largest cosine first.
DictionaryMatch match_dictionary(const nn::Tensor& atoms, const nn::Tensor& rows);
double row_cosine(const nn::Tensor& a, int i, const nn::Tensor& b, int j);  // 0 for a row of zeros

}  // namespace assay::metrics
