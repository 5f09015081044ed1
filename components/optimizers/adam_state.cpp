#include <cmath>

#include "components/nn/cores.h"
#include "components/nn/dispatch.h"
#include "components/optimizers/adam.h"

namespace assay {

namespace {

template <class T>
struct Rates {
  T beta1, beta2, coupled, decoupled, size, floor;
};

// One step of n numbers x with gradients g and moments m, v.
template <class T>
void move(const Rates<T>& r, const T* g, T* m, T* v, T* x, std::size_t n) {
  const Rates<T> rates = r;  // which the stores below cannot change
  for (std::size_t i = 0; i < n; ++i) {
    const T slope = g[i] + rates.coupled * x[i];
    m[i] = rates.beta1 * m[i] + (T(1) - rates.beta1) * slope;
    v[i] = rates.beta2 * v[i] + (T(1) - rates.beta2) * slope * slope;
    x[i] -= rates.size * m[i] / (std::sqrt(v[i]) + rates.floor) + rates.decoupled * x[i];
  }
}

class AdamState final : public OptimizerState {
 public:
  AdamState(const AdamBase& rule, const nn::Parameters& parameters, int total)
      : rule_(rule),
        total_(total) {
    for (const nn::Parameter& p : parameters) {
      first_.emplace_back(p.value.shape(), p.value.dtype());
      second_.emplace_back(p.value.shape(), p.value.dtype());
    }
  }

  void step(nn::Parameters& parameters, const Gradients& gradients) override {
    const double rate = rule_.rate(step_, total_);
    ++step_;
    std::size_t index = 0;
    for (nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      const nn::Tensor* gradient = gradients.of(p, at);
      if (!gradient) continue;
      nn::dispatch(p.value.dtype(), [&](auto t) {
        using T = decltype(t);
        update<T>(p, gradient->data<T>(), first_[at].data<T>(), second_[at].data<T>(),
                  static_cast<T>(rate));
      });
    }
  }

  void forget(std::size_t parameter, std::int64_t first, std::int64_t count) override {
    for (nn::Tensor* moment : {&first_[parameter], &second_[parameter]})
      for (std::int64_t i = first; i < first + count; ++i) moment->set(i, 0.0);
  }
  void save(Archive& out, const std::string& prefix) const override {
    out.put(prefix + "/step", Array::of<std::int64_t>(std::span(&step_, 1), {1}));
    for (std::size_t i = 0; i < first_.size(); ++i) {
      out.put(prefix + "/first/" + std::to_string(i), first_[i].to_array());
      out.put(prefix + "/second/" + std::to_string(i), second_[i].to_array());
    }
  }
  void load(const Archive& in, const std::string& prefix) override {
    step_ = in.array(prefix + "/step").as<std::int64_t>()[0];
    for (std::size_t i = 0; i < first_.size(); ++i) {
      first_[i] = nn::Tensor::from_array(in.array(prefix + "/first/" + std::to_string(i)));
      second_[i] = nn::Tensor::from_array(in.array(prefix + "/second/" + std::to_string(i)));
    }
  }

 private:
  template <class T>
  void update(nn::Parameter& p, std::span<const T> g, std::span<T> m, std::span<T> v,
              T rate) const {
    const auto t = static_cast<double>(step_);
    // With m / c1 / (sqrt(v / c2) + epsilon) written as one division per number.
    const double correct1 = 1.0 - std::pow(static_cast<double>(rule_.beta1), t);
    const double correct2 = std::sqrt(1.0 - std::pow(static_cast<double>(rule_.beta2), t));
    const auto size = static_cast<T>(static_cast<double>(rate) * correct2 / correct1);
    const auto floor = static_cast<T>(static_cast<double>(rule_.epsilon) * correct2);
    const T beta1 = rule_.beta1, beta2 = rule_.beta2;
    const T decay = decays(p) ? rule_.weight_decay : 0.0F;
    const T coupled = rule_.decoupled() ? T(0) : decay, decoupled = decay - coupled;
    T* x = p.value.data<T>().data();
    const std::size_t count = g.size();
    const Rates<T> rates = {beta1, beta2, coupled, rate * decoupled, size, floor};
    nn::in_parts(static_cast<std::int64_t>(count), 64, 1 << 16,
                 [&](int, std::int64_t first, std::int64_t last) {
                   move(rates, g.data() + first, m.data() + first, v.data() + first, x + first,
                        static_cast<std::size_t>(last - first));
                 });
    for (std::size_t i = 0; !p.mask.empty() && i < count; ++i) x[i] *= p.mask.data<T>()[i];
  }

  const AdamBase& rule_;
  int total_;
  std::int64_t step_ = 0;
  std::vector<nn::Tensor> first_, second_;
};

}  // namespace

std::unique_ptr<OptimizerState> AdamBase::begin(const nn::Parameters& parameters,
                                                int total_steps) const {
  return std::make_unique<AdamState>(*this, parameters, total_steps);
}

}  // namespace assay
