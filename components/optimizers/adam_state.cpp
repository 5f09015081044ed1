#include <cmath>

#include "components/optimizers/adam.h"

namespace assay {

namespace {

class AdamState final : public OptimizerState {
 public:
  AdamState(const AdamBase& rule, const nn::Parameters& parameters, int total)
      : rule_(rule),
        total_(total) {
    for (const nn::Parameter& p : parameters) {
      first_.emplace_back(static_cast<std::size_t>(p.value.count()));
      second_.emplace_back(static_cast<std::size_t>(p.value.count()));
    }
  }

  void step(nn::Parameters& parameters, const nn::Tape& tape) override {
    const auto rate = static_cast<float>(rule_.rate(step_, total_));
    ++step_;
    const auto t = static_cast<double>(step_);
    const auto correct1 = static_cast<float>(1.0 - std::pow(static_cast<double>(rule_.beta1), t));
    const auto correct2 = static_cast<float>(1.0 - std::pow(static_cast<double>(rule_.beta2), t));
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      const nn::Tensor* gradient = tape.gradient_of(p);
      if (!gradient || gradient->empty()) continue;
      const float decay =
          p.role == nn::Role::kWeight || p.role == nn::Role::kEmbedding ? rule_.weight_decay : 0.0F;
      const auto g = gradient->floats();
      const auto x = p.value.floats();
      float *m = first_[at].data(), *v = second_[at].data();
      for (std::size_t i = 0; i < x.size(); ++i) {
        const float slope = g[i] + (rule_.decoupled() ? 0.0F : decay * x[i]);
        m[i] = rule_.beta1 * m[i] + (1.0F - rule_.beta1) * slope;
        v[i] = rule_.beta2 * v[i] + (1.0F - rule_.beta2) * slope * slope;
        const float update = (m[i] / correct1) / (std::sqrt(v[i] / correct2) + rule_.epsilon);
        x[i] -= rate * (update + (rule_.decoupled() ? decay * x[i] : 0.0F));
      }
      for (std::size_t i = 0; !p.mask.empty() && i < x.size(); ++i) x[i] *= p.mask.floats()[i];
    }
  }

  void save(Archive& out, const std::string& prefix) const override {
    out.put(prefix + "/step", Array::of<std::int64_t>(std::span(&step_, 1), {1}));
    for (std::size_t i = 0; i < first_.size(); ++i) {
      const auto n = static_cast<std::int64_t>(first_[i].size());
      out.put(prefix + "/first/" + std::to_string(i), Array::of<float>(first_[i], {n}));
      out.put(prefix + "/second/" + std::to_string(i), Array::of<float>(second_[i], {n}));
    }
  }
  void load(const Archive& in, const std::string& prefix) override {
    step_ = in.array(prefix + "/step").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < first_.size(); ++i) {
      const auto first = in.array(prefix + "/first/" + std::to_string(i)).as<float>();
      const auto second = in.array(prefix + "/second/" + std::to_string(i)).as<float>();
      first_[i].assign(first.begin(), first.end());
      second_[i].assign(second.begin(), second.end());
    }
  }

 private:
  const AdamBase& rule_;
  int total_;
  std::int64_t step_ = 0;
  std::vector<std::vector<float>> first_, second_;
};

}  // namespace

std::unique_ptr<OptimizerState> AdamBase::begin(const nn::Parameters& parameters,
                                                int total_steps) const {
  return std::make_unique<AdamState>(*this, parameters, total_steps);
}

}  // namespace assay
