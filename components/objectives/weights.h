#pragma once

#include "components/objectives/objective.h"

namespace assay::objectives {

// Of `rows` rows, as many of each example of the batch, the weight of the row's example; empty
// where all count alike. Valid until the next pass.
std::span<const double> row_weights(nn::Forward& pass, int rows);

double mean(std::span<const double> weights);  // 1 without

// The mean of all entries, each row times its weight: the sum is divided by the number of entries,
// not by the sum of weights, so that weights of 1 / (n p) leave its expectation as it is. Without
// weights, nn::mean. values: n, or n x d. -> scalar
nn::Var mean(nn::Var values, std::span<const double> weights);
// The same of squared errors.
nn::Var mean_squared_error(nn::Var a, nn::Var b, std::span<const double> weights);
// The same of -log softmax(logits)[label] over the rows that have a label. -> scalar
nn::Var cross_entropy(nn::Var logits, std::span<const int> labels, std::span<const double> weights);

}  // namespace assay::objectives
