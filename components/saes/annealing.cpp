#include "components/saes/annealing.h"

#include <cmath>

#include "components/nn/dispatch.h"

namespace assay::saes {

namespace {

constexpr double kSmallest = 1e-8;

double value_of_powers(const nn::Tensor& a, double p) {
  double sum = 0.0;
  nn::dispatch(a.dtype(), [&](auto t) {
    using T = decltype(t);
    for (const T x : a.data<T>())
      if (x > T(0)) sum += std::pow(static_cast<double>(x), p);
  });
  return sum;
}

// The parameter "annealing": how often p has fallen, by what the weight is multiplied, how many
// batches have been seen since the last fall, then the sums of the last ones in turn, each with the
// p of its time and with the next.
enum : std::int64_t { kFalls, kFactor, kSeen, kSums };

struct Update {
  double falls = 0.0, factor = 1.0, now = 0.0, next = 0.0;
  int window = 1;
  void apply(nn::Parameters& parameters) const {
    nn::Tensor& state = parameters.get("annealing").value;
    int seen = static_cast<int>(state.get(kSeen));
    if (state.get(kFalls) != falls) seen = 0;
    const std::int64_t slot = kSums + 2 * (seen % window);
    state.set(kFalls, falls);
    state.set(kFactor, factor);
    state.set(slot, now);
    state.set(slot + 1, next);
    // Beyond the window only the place in it matters.
    state.set(kSeen, seen + 1 < 2 * window ? seen + 1 : window);
  }
};

}  // namespace

nn::Var sum_of_powers(nn::Var a, double p) {
  if (p == 1.0) return nn::sum(a);
  const nn::Var inputs[] = {a};
  return a.tape->custom(
      "sum_of_powers", inputs, {1},
      [p](nn::Tape::Inputs in, nn::Tensor& out) { out.set(0, value_of_powers(*in[0], p)); },
      [p](nn::Tape::Inputs in, const nn::Tensor& out, const nn::Tensor& grad,
          nn::Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        nn::dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>();
          const auto dx = claim.tensor->data<T>();
          const double g = grad.get(0) * p;
          for (std::size_t i = 0; i < x.size(); ++i) {
            const double at = std::max(static_cast<double>(x[i]), kSmallest);
            const T slope = x[i] > T(0) ? static_cast<T>(g * std::pow(at, p - 1.0)) : T(0);
            dx[i] = claim.add ? dx[i] + slope : slope;
          }
        });
      });
}

struct Annealing::Level {
  int falls = 0;
  double factor = 1.0;
};

double Annealing::power(int falls) const {
  return 1.0 + (double{p_end} - 1.0) * falls / updates;
}

int Annealing::falls_at(double progress) const {
  if (progress < start) return 0;
  const double share = (progress - start) / (1.0 - double{start});
  return std::min(updates, 1 + static_cast<int>(share * updates));
}

// It falls once at most, and once a batch has shown both sums, so that the factor is known.
Annealing::Level Annealing::level_of(const nn::Tensor& state, double progress) const {
  Level out;
  out.falls = static_cast<int>(std::lround(state.get(kFalls)));
  if (out.falls > 0) out.factor = state.get(kFactor);
  const int seen = std::min(window, static_cast<int>(std::lround(state.get(kSeen))));
  if (falls_at(progress) <= out.falls || seen == 0) return out;
  double now = 0.0, next = 0.0;
  for (int i = 0; i < seen; ++i) {
    now += state.get(kSums + 2 * i);
    next += state.get(kSums + 2 * i + 1);
  }
  if (now > 0 && next > 0) out.factor *= now / next;
  ++out.falls;
  return out;
}

void Annealing::declare_annealing(nn::Parameters& out) const {
  nn::Tensor state({static_cast<int>(kSums) + 2 * window});
  state.set(kFactor, 1.0);
  out.add("annealing", state, nn::Role::kOther);
}

nn::Var Annealing::penalty(nn::Forward& pass, nn::Var code, double weight) const {
  const Level level = level_of(pass.parameters().get("annealing").value, pass.progress());
  if (pass.training()) remember(pass, code, level);
  return nn::scale(sum_of_powers(code, power(level.falls)), weight * level.factor);
}

void Annealing::remember(nn::Forward& pass, nn::Var code, const Level& level) const {
  const nn::Tensor& z = pass.tape().value(code);
  auto& update = pass.kept<Update>();
  update.falls = level.falls;
  update.factor = level.factor;
  update.now = value_of_powers(z, power(level.falls));
  update.next = value_of_powers(z, power(std::min(updates, level.falls + 1)));
  update.window = window;
  pass.after_step([&update](nn::Parameters& parameters) { update.apply(parameters); });
}

}  // namespace assay::saes
