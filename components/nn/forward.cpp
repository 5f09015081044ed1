#include "components/nn/forward.h"

#include <cmath>

namespace assay::nn {

void Forward::begin(Stream stream) {
  tape_.reset();
  losses_.clear();
  scores_.clear();
  updates_.clear();
  statistics_used_ = 0;
  stream_ = stream;
}

Var Forward::site(std::string_view name, Var value) {
  tape_.label(value, name);
  for (const Hook& hook : hooks_.all) value = hook(name, value);
  return value;
}

Var Forward::linear(std::string_view name, Var x, Activation activation) {
  x = site(Name(name, ".in"), x);
  const Var weight = parameter(Name(name, ".weight"));
  const Parameter* bias = parameters_.find_after(Name(name, ".bias"), place_);
  const Var b = bias ? use(*bias) : Var();
  // A hook may want to see, or change, what comes before the activation.
  if (!watched()) {
    const Var out = nn::linear(x, weight, b, activation);
    tape_.label(out, name);
    return out;
  }
  const Var before = site(name, nn::linear(x, weight, b));
  if (activation == Activation::kNone) return before;
  return site(Name(name, ".act"), activate(before, activation));
}

Var Forward::convolution(std::string_view name, Var x, const ImageShape& shape,
                         Activation activation) {
  const Var weight = parameter(Name(name, ".weight"));
  const Parameter* bias = parameters_.find_after(Name(name, ".bias"), place_);
  const Var b = bias ? use(*bias) : Var();
  if (!watched()) {
    const Var out = nn::convolution(x, weight, b, shape, activation);
    tape_.label(out, name);
    return out;
  }
  const Var rows = site(Name(name, ".in"), patches(x, shape));
  const Var before = site(name, convolution_of_patches(rows, weight, b, shape));
  if (activation == Activation::kNone) return before;
  return site(Name(name, ".act"), activate(before, activation));
}

Var Forward::training_loss(Var main) {
  for (const Loss& extra : losses_) main = add(main, extra.value);
  loss_ = tape_.scalar(main);
  for (const Score& score : scores_)
    if (score.baseline) main = add(main, scale(score.log_probability, loss_ - *score.baseline));
  return main;
}

Tensor& Forward::statistic(std::string_view name, Shape shape) {
  if (statistics_used_ == statistics_.size()) statistics_.emplace_back();
  Statistic& slot = statistics_[statistics_used_++];
  slot.name = name;
  slot.value.resize(shape, Dtype::kFloat32);
  slot.value.fill(0.0);
  return slot.value;
}

void Forward::add_statistic(std::string_view name, const Tensor& value) {
  Tensor& slot = statistic(name, value.shape());
  for (std::int64_t i = 0; i < value.count(); ++i) slot.set(i, value.get(i));
}

void declare_linear(Parameters& out, std::string_view name, int inputs, int outputs, double gain,
                    const Stream& init, Role role, bool bias) {
  out.add(Name(name, ".weight").text(),
          Tensor::normal({outputs, inputs}, std::sqrt(gain / inputs), init.fork(name)), role);
  if (bias) out.add(Name(name, ".bias").text(), Tensor({outputs}), Role::kBias);
}

}  // namespace assay::nn
