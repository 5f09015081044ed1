#include "components/nn/logits.h"

#include <algorithm>
#include <cmath>

namespace assay::nn {

namespace {

// log sum exp of a row.
double log_total(const Tensor& logits, std::int64_t row, int classes) {
  double top = logits.get(row), sum = 0.0;
  for (int j = 1; j < classes; ++j) top = std::max(top, logits.get(row + j));
  for (int j = 0; j < classes; ++j) sum += std::exp(logits.get(row + j) - top);
  return top + std::log(sum);
}

}  // namespace

double nll_at(const Tensor& logits, std::int64_t row, int classes, int label) {
  return log_total(logits, row, classes) - logits.get(row + label);
}

double mean_kl(const Tensor& expected, const Tensor& out, int classes) {
  double sum = 0.0;
  for (std::int64_t row = 0; row < out.count(); row += classes) {
    const double p_total = log_total(expected, row, classes),
                 q_total = log_total(out, row, classes);
    for (int j = 0; j < classes; ++j) {
      const double p = expected.get(row + j) - p_total, q = out.get(row + j) - q_total;
      sum += std::exp(p) * (p - q);
    }
  }
  return sum * classes / static_cast<double>(out.count());
}

}  // namespace assay::nn
