#include "components/saes/resampling.h"

#include <cmath>

namespace assay::saes {
namespace {

using nn::Tensor;

struct Resampling {
  nn::Var x, rebuilt;
  Stream stream{0};
  double dead_after = 0.0;
  std::vector<int> began, told;
};

// Running sums of the squared losses of the examples.
std::vector<double> running_sums(const Tensor& x, const Tensor& rebuilt) {
  std::vector<double> out(static_cast<std::size_t>(x.shape().rows()));
  double total = 0.0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    double loss = 0.0;
    for (int j = 0; j < x.shape().back(); ++j) {
      const int row = static_cast<int>(i);
      loss += std::pow(x.at(row, j) - rebuilt.at(row, j), 2);
    }
    out[i] = total += loss * loss;
  }
  return out;
}

double row_norm(const Tensor& rows, int row) {
  double squares = 0.0;
  for (int j = 0; j < rows.shape().back(); ++j) squares += rows.at(row, j) * rows.at(row, j);
  return std::sqrt(squares);
}

double mean_norm_alive(const Tensor& rows, const Tensor& silent, double dead_after) {
  double sum = 0.0, alive = 0.0;
  for (int i = 0; i < rows.shape()[0]; ++i) {
    if (silent.get(i) >= dead_after) continue;
    sum += row_norm(rows, i);
    alive += 1.0;
  }
  return alive > 0 ? sum / alive : 1.0;
}

// The example less the decoder's bias, at norm 1; zeros where nothing is left of it.
std::vector<double> direction(const Tensor& x, int row, const Tensor& bias) {
  std::vector<double> out(static_cast<std::size_t>(x.shape().back()));
  double squares = 0.0;
  for (std::size_t j = 0; j < out.size(); ++j) {
    const int column = static_cast<int>(j);
    out[j] = x.at(row, column) - bias.get(column);
    squares += out[j] * out[j];
  }
  for (double& value : out) value *= squares > 0 ? 1.0 / std::sqrt(squares) : 0.0;
  return out;
}

void set_row(Tensor& rows, int row, const std::vector<double>& values, double factor) {
  const auto width = static_cast<std::int64_t>(values.size());
  for (std::int64_t j = 0; j < width; ++j)
    rows.set(row * width + j, factor * values[static_cast<std::size_t>(j)]);
}

void resample(Resampling& how, nn::Parameters& parameters) {
  const Tensor& x = how.x.tape->value(how.x);
  const auto sums = running_sums(x, how.rebuilt.tape->value(how.rebuilt));
  if (!(sums.back() > 0)) return;
  Tensor& silent = parameters.get("since_firing").value;
  Tensor& encoder = parameters.get("encoder.weight").value;
  Tensor& decoder = parameters.get("decoder.weight").value;
  const double norm = 0.2 * mean_norm_alive(encoder, silent, how.dead_after);
  for (int i = 0; i < encoder.shape()[0]; ++i) {
    if (silent.get(i) < how.dead_after) continue;
    const double at = how.stream.uniform(0.0, sums.back());
    const auto chosen = std::upper_bound(sums.begin(), sums.end() - 1, at) - sums.begin();
    const std::vector<double> row =
        direction(x, static_cast<int>(chosen), parameters.get("decoder.bias").value);
    set_row(decoder, i, row, 1.0);
    set_row(encoder, i, row, norm);
    parameters.get("encoder.bias").value.set(i, 0.0);
    silent.set(i, 0.0);
    how.began.push_back(i);
  }
}

}  // namespace

void resample_after_step(nn::Forward& pass, nn::Var x, nn::Var rebuilt, double dead_after) {
  auto& how = pass.kept<Resampling>();
  how.x = x;
  how.rebuilt = rebuilt;
  how.stream = pass.stream("resample");
  how.dead_after = dead_after;
  pass.after_step([&how](nn::Parameters& parameters) { resample(how, parameters); });
}

std::span<const int> resampled(nn::Forward& pass) {
  auto& how = pass.kept<Resampling>();
  std::swap(how.began, how.told);
  how.began.clear();
  return how.told;
}

}  // namespace assay::saes
