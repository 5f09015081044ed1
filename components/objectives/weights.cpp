#include "components/objectives/weights.h"

#include <algorithm>
#include <numeric>

namespace assay::objectives {

namespace {

nn::Var weighted(nn::Var values, std::span<const double> weights) {
  const int n = static_cast<int>(weights.size());
  const nn::Var column = values.tape->constant({n, 1}, [&](nn::Tensor& out) {
    for (int i = 0; i < n; ++i) out.set(i, weights[static_cast<std::size_t>(i)]);
  });
  const int width = static_cast<int>(values.shape().count() / std::max(1, n));
  return nn::multiply_column(nn::reshape(values, {n, width}), column);
}

}  // namespace

std::span<const double> row_weights(nn::Forward& pass, int rows) {
  const std::vector<double>& each = pass.kept<ExampleWeights>().each;
  if (each.empty()) return {};
  const auto out = pass.tape().scratch<double>(static_cast<std::size_t>(rows));
  const std::size_t of_each = out.size() / each.size();
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = each[i / of_each];
  return out;
}

double mean(std::span<const double> weights) {
  if (weights.empty()) return 1.0;
  return std::accumulate(weights.begin(), weights.end(), 0.0) / static_cast<double>(weights.size());
}

nn::Var mean(nn::Var values, std::span<const double> weights) {
  return nn::mean(weights.empty() ? values : weighted(values, weights));
}

nn::Var mean_squared_error(nn::Var a, nn::Var b, std::span<const double> weights) {
  if (weights.empty()) return nn::mean_squared_error(a, b);
  return mean(nn::square(nn::subtract(a, b)), weights);
}

nn::Var cross_entropy(nn::Var logits, std::span<const int> labels,
                      std::span<const double> weights) {
  if (weights.empty()) return nn::cross_entropy(logits, labels);
  nn::Tape& tape = *logits.tape;
  const auto column = tape.scratch<int>(labels.size());
  const auto counts = tape.scratch<double>(labels.size());
  int found = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    column[i] = std::max(labels[i], 0);
    counts[i] = labels[i] < 0 ? 0.0 : weights[i];
    found += labels[i] < 0 ? 0 : 1;
  }
  const nn::Var log_p = nn::gather_columns(nn::log_softmax(logits), column, 1);
  return nn::scale(nn::sum(weighted(log_p, counts)), -1.0 / std::max(1, found));
}

}  // namespace assay::objectives
