// A diagonal state-space layer: each feature drives `states` real states that decay at rates of
// their own, h_t = e^(-d l) h_{t-1} + b x_t, and reads them, y_t = sum_n c_n h_n,t + s x_t; then
// gelu and a projection. All of d, l, b, c, s are learnt, l starts at 1 … states.
#include <cmath>

#include "components/mixers/mixer.h"
#include "runner/registry/registry.h"

namespace assay::mixers {
namespace {

struct StateSpace final : Mixer {
  static constexpr Info kInfo{"state-space", 1, "Diagonal state-space layer.",
                              "Gu et al. 2022, arXiv:2206.11893 (S4D-Real)"};
  int states = 8;

  static void params(Params<StateSpace>& p) {
    p.add("states", &StateSpace::states).range(1, 1024).unit("states").doc("Of each feature.");
  }
  bool causal() const override { return true; }
  bool incremental() const override { return true; }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    const int all = features * states;
    nn::Tensor rates({all}), steps({all});
    Stream draw = init.fork(nn::Name(name, ".step"));
    for (int j = 0; j < features; ++j) {
      // Steps log-uniform in 0.01 … 0.3, so that features remember for different times.
      const double step = draw.uniform(std::log(0.01), std::log(0.3));
      for (int n = 0; n < states; ++n) {
        rates.set(std::int64_t{j} * states + n, std::log(n + 1.0));
        steps.set(std::int64_t{j} * states + n, step);
      }
    }
    out.add(nn::Name(name, ".log_rate"), rates, nn::Role::kOther);
    out.add(nn::Name(name, ".log_step"), steps, nn::Role::kOther);
    out.add(nn::Name(name, ".input"), nn::Tensor::full({all}, 1.0 / std::sqrt(states)),
            nn::Role::kOther);
    out.add(nn::Name(name, ".read"),
            nn::Tensor::normal({all}, 0.5, init.fork(nn::Name(name, ".read"))), nn::Role::kOther);
    out.add(nn::Name(name, ".skip"), nn::Tensor::full({features}, 1.0), nn::Role::kOther);
    nn::declare_linear(out, nn::Name(name, ".output"), features, features, 1.0, init);
  }
  nn::Var mix(nn::Forward& pass, std::string_view name, nn::Var x, int length) const override {
    const int rows = x.shape()[0], features = x.shape().back(), all = features * states;
    const nn::Var pace = nn::multiply(nn::exp(pass.parameter(nn::Name(name, ".log_rate"))),
                                      nn::exp(pass.parameter(nn::Name(name, ".log_step"))));
    const nn::Var keep = nn::exp(nn::scale(pace, -1.0));
    const auto columns =
        pass.tape().scratch<int>(static_cast<std::size_t>(rows) * static_cast<std::size_t>(all));
    for (std::size_t i = 0; i < columns.size(); ++i)
      columns[i] = static_cast<int>(i) % all / states;
    const nn::Var driven = nn::multiply_row(nn::gather_columns(x, columns, all),
                                            pass.parameter(nn::Name(name, ".input")));
    nn::Tensor* handed_on =
        pass.cache() ? &pass.cache()->state(name, {rows / length, all}) : nullptr;
    const nn::Var state = nn::linear_scan(keep, driven, length, handed_on);
    const nn::Var read = nn::multiply_row(state, pass.parameter(nn::Name(name, ".read")));
    const nn::Var summed = nn::reshape(
        nn::sum_columns(nn::reshape(read, {rows * features, states})), {rows, features});
    const nn::Var y = nn::add(summed, nn::multiply_row(x, pass.parameter(nn::Name(name, ".skip"))));
    return pass.linear(nn::Name(name, ".output"), pass.site(nn::Name(name, ".read"), nn::gelu(y)));
  }
  double multiply_adds(int length, int features) const override {
    return 3.0 * length * features * states;
  }
};
ASSAY_REGISTER(Mixer, StateSpace);

}  // namespace
}  // namespace assay::mixers
