#pragma once

#include "components/nn/tensor.h"

// What logits that nobody trains on say, summed in double.
namespace assay::nn {

// -log softmax of the logits from `row` on, at the label, in nats.
double nll_at(const Tensor& logits, std::int64_t row, int classes, int label);
// Mean over rows of `classes` logits of KL(p || q) = sum p log(p / q), in nats.
double mean_kl(const Tensor& p, const Tensor& q, int classes);

}  // namespace assay::nn
