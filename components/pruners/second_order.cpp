#include "components/pruners/second_order.h"

#include <cmath>

#include "components/pruners/calibration.h"

namespace assay {

Square input_gram(const TrainedModel& model, const Examples& examples, std::string_view layer,
                  int inputs) {
  Square out(inputs);
  std::vector<double> row(static_cast<std::size_t>(inputs));
  see_inputs(model, examples, [&](std::string_view name, const nn::Tensor& x) {
    if (name != layer) return;
    for (std::int64_t r = 0; r < x.shape().rows(); ++r) {
      for (int i = 0; i < inputs; ++i) row[static_cast<std::size_t>(i)] = x.get(r * inputs + i);
      for (int i = 0; i < inputs; ++i) {
        const double xi = row[static_cast<std::size_t>(i)];
        for (int j = 0; xi != 0.0 && j <= i; ++j)
          out.at(i, j) += xi * row[static_cast<std::size_t>(j)];
      }
    }
  });
  for (int i = 0; i < inputs; ++i)
    for (int j = 0; j < i; ++j) out.at(j, i) = out.at(i, j);
  return out;
}

void damp(Square& hessian, double damping) {
  double trace = 0.0;
  for (int i = 0; i < hessian.size; ++i) trace += hessian.at(i, i);
  const double added = trace > 0.0 ? damping * trace / hessian.size : 1.0;
  for (int i = 0; i < hessian.size; ++i) hessian.at(i, i) += added;
}

namespace {

// The upper triangular R with H = R Rᵀ: Cholesky's factorisation from the last row upwards.
Square upper_cholesky(const Square& hessian) {
  const int n = hessian.size;
  Square out(n);
  for (int i = n - 1; i >= 0; --i) {
    for (int j = n - 1; j >= i; --j) {
      double rest = hessian.at(i, j);
      for (int k = j + 1; k < n; ++k) rest -= out.at(i, k) * out.at(j, k);
      if (j > i) {
        out.at(i, j) = rest / out.at(j, j);
      } else if (rest > 0.0) {
        out.at(i, i) = std::sqrt(rest);
      } else {
        throw std::runtime_error(
            "the Hessian of a layer is not positive definite: more damping is needed");
      }
    }
  }
  return out;
}

}  // namespace

Square inverse_factor(const Square& hessian) {
  const Square R = upper_cholesky(hessian);
  const int n = R.size;
  Square out(n);  // R⁻¹: H⁻¹ = R⁻ᵀ R⁻¹
  for (int j = 0; j < n; ++j) {
    out.at(j, j) = 1.0 / R.at(j, j);
    for (int i = j - 1; i >= 0; --i) {
      double sum = 0.0;
      for (int k = i + 1; k <= j; ++k) sum += R.at(i, k) * out.at(k, j);
      out.at(i, j) = -sum / R.at(i, i);
    }
  }
  return out;
}

void spread_error(std::span<double> row, const Square& U, int j, double error, int first,
                  int last) {
  if (error == 0.0) return;
  for (int k = first; k < last; ++k) row[static_cast<std::size_t>(k)] -= error * U.at(j, k);
}

}  // namespace assay
