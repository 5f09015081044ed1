#include "components/quantizers/rounding_choice.h"

#include <algorithm>
#include <cmath>

#include "components/nn/dispatch.h"
#include "components/pruners/mask.h"

namespace assay::quantizers {

namespace {

constexpr double kHigh = 1.1, kLow = -0.1;  // zeta and gamma

nn::Tensor mean_gram(const nn::Tensor& x, int columns) {
  nn::Tensor out({columns, columns});
  if (x.empty()) return out;
  const auto rows = static_cast<int>(x.shape().rows());
  for (int i = 0; i < columns; ++i)
    for (int j = 0; j <= i; ++j) {
      double sum = 0.0;
      for (int r = 0; r < rows; ++r) sum += x.at(r, i) * x.at(r, j);
      out.set(std::int64_t{i} * columns + j, sum / rows);
      out.set(std::int64_t{j} * columns + i, sum / rows);
    }
  return out;
}

// min(max(a, low), high) by entries, for limits that carry no gradient.
nn::Var between(nn::Var a, nn::Var low, nn::Var high) {
  const nn::Var raised = nn::add(low, nn::relu(nn::subtract(a, low)));
  return nn::subtract(high, nn::relu(nn::subtract(high, raised)));
}

}  // namespace

nn::Var indecision(nn::Var h, double beta) {
  const nn::Var inputs[] = {h};
  return h.tape->custom(
      "indecision", inputs, {1},
      [beta](nn::Tape::Inputs in, nn::Tensor& out) {
        double sum = 0.0;
        for (std::int64_t i = 0; i < in[0]->count(); ++i)
          sum += 1.0 - std::pow(std::abs(2.0 * in[0]->get(i) - 1.0), beta);
        out.set(0, sum);
      },
      [beta](nn::Tape::Inputs in, const nn::Tensor& out, const nn::Tensor& grad,
             nn::Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>();
          const auto d = claim.tensor->data<T>();
          const T g = grad.data<T>()[0], exponent = static_cast<T>(beta);
          for (std::size_t i = 0; i < x.size(); ++i) {
            const T u = 2 * x[i] - 1;
            const T slope =
                -2 * exponent * std::copysign(std::pow(std::abs(u), exponent - 1), u) * g;
            d[i] = claim.add ? d[i] + slope : slope;
          }
        });
      });
}

RoundingChoice::RoundingChoice(const nn::Parameter& weight, const Grid& grid, const nn::Tensor& x)
    : below_(weight.value.shape()),
      step_(weight.value.shape()),
      low_(weight.value.shape()),
      high_(weight.value.shape()),
      weight_(weight.value),
      gram_(mean_gram(x, weight.value.shape().back())) {
  const std::vector<double> w = numbers_of(weight);
  const std::vector<Scale> scales = grid.fit_all(weight, w);
  nn::Parameter& v =
      parameters_.add("rounding", nn::Tensor(weight.value.shape()), nn::Role::kOther);
  for (std::size_t i = 0; i < w.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const Scale& scale = scales[i];
    // Where nothing is to be chosen, of pruned weights or a group of zeros, both ways are 0.
    const bool open = there(weight, at) && scale.step > 0;
    const double floor = open ? grid.floor(w[i], scale) : 0.0;
    const double low = open ? grid.lowest(scale) : 0.0, high = open ? grid.highest(scale) : 0.0;
    below_.set(at, floor);
    step_.set(at, open ? scale.step : 0.0);
    low_.set(at, low);
    high_.set(at, high);
    down_.push_back(std::clamp(floor, low, high));
    // Multiples of the step, where floor + step might be off by a rounding.
    up_.push_back(open ? std::clamp((std::floor(w[i] / scale.step) + 1) * scale.step, low, high)
                       : 0.0);
    const double rest = open ? (w[i] - floor) / scale.step : 0.5;
    v.value.set(at, -std::log((kHigh - kLow) / (rest - kLow) - 1.0));
  }
}

double RoundingChoice::backward(double factor, double beta) {
  tape_.reset();
  const nn::Var v = tape_.parameter(parameters_.get("rounding"));
  const nn::Var h = nn::clamp(nn::shift(nn::scale(nn::sigmoid(v), kHigh - kLow), kLow), 0.0, 1.0);
  const nn::Var w = between(nn::add(tape_.borrow(below_), nn::multiply(tape_.borrow(step_), h)),
                            tape_.borrow(low_), tape_.borrow(high_));
  const nn::Var change = nn::subtract(w, tape_.borrow(weight_));
  nn::Var loss = nn::sum(nn::multiply(nn::matmul(change, tape_.borrow(gram_)), change));
  if (factor > 0) loss = nn::add(loss, nn::scale(indecision(h, beta), factor));
  tape_.backward(loss);
  return tape_.scalar(loss);
}

std::vector<double> RoundingChoice::rounded() const {
  const nn::Tensor& v = parameters_.get("rounding").value;
  std::vector<double> out;
  for (std::int64_t i = 0; i < v.count(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    out.push_back(v.get(i) >= 0 ? up_[at] : down_[at]);  // h(0) = 1/2
  }
  return out;
}

}  // namespace assay::quantizers
