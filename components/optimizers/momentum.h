#pragma once

#include <vector>

#include "components/nn/dispatch.h"
#include "components/optimizers/schedule.h"

namespace assay {

// The state of a rule that keeps one array for each parameter, of its shape, and no more. The rule
// has `void update(nn::Parameter&, std::span<const T> gradient, std::span<T> kept, T rate) const`
// for float and double; masks are applied after it. `name` is that of the arrays in checkpoints.
template <class Rule>
class MomentumState final : public OptimizerState {
 public:
  MomentumState(const Rule& rule, const nn::Parameters& parameters, int total, std::string name)
      : rule_(rule),
        total_(total),
        name_(std::move(name)) {
    for (const nn::Parameter& p : parameters) kept_.emplace_back(p.value.shape(), p.value.dtype());
  }
  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    const double rate = rule_.rate(step_++, total_);
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      const nn::Tensor* gradient = gradients.of(p, at);
      if (!gradient) continue;
      nn::dispatch(p.value.dtype(), [&](auto t) {
        using T = decltype(t);
        rule_.template update<T>(p, gradient->data<T>(), kept_[at].data<T>(), static_cast<T>(rate));
        const auto x = p.value.data<T>();
        for (std::size_t i = 0; !p.mask.empty() && i < x.size(); ++i) x[i] *= p.mask.data<T>()[i];
      });
    }
  }
  void forget(std::size_t parameter, std::int64_t first, std::int64_t count) override {
    for (std::int64_t i = first; i < first + count; ++i) kept_[parameter].set(i, 0.0);
  }
  void save(Archive& out, const std::string& prefix) const override {
    out.put(prefix + "/step", Array::of<std::int64_t>(std::span(&step_, 1), {1}));
    for (std::size_t i = 0; i < kept_.size(); ++i) out.put(place(prefix, i), kept_[i].to_array());
  }
  void load(const Archive& in, const std::string& prefix) override {
    step_ = in.array(prefix + "/step").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < kept_.size(); ++i)
      kept_[i] = nn::Tensor::from_array(in.array(place(prefix, i)));
  }

 private:
  std::string place(const std::string& prefix, std::size_t i) const {
    return prefix + "/" + name_ + "/" + std::to_string(i);
  }

  const Rule& rule_;
  int total_;
  std::string name_;
  std::int64_t step_ = 0;
  std::vector<nn::Tensor> kept_;
};

}  // namespace assay
