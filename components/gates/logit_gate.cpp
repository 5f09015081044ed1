#include "components/gates/logit_gate.h"

#include <cmath>

namespace assay::gates {

double annealed(Anneal anneal, double first, double last, double t) {
  switch (anneal) {
    case Anneal::kLinear:
      return first + t * (last - first);
    case Anneal::kExponential:
      return first * std::pow(last / first, t);
    case Anneal::kConstant:
      break;
  }
  return first;
}

nn::Var gated(nn::Forward& pass, std::string_view name, nn::Var x, nn::Var values) {
  pass.add_statistic(nn::Name(name, ".open"), pass.tape().value(values));
  return values.shape() == x.shape() ? nn::multiply(x, values) : nn::multiply_row(x, values);
}

nn::Var step(nn::Var values) {
  const nn::Tensor& from = values.tape->value(values);
  return values.tape->constant(values.shape(), [&](nn::Tensor& out) {
    for (std::int64_t i = 0; i < out.count(); ++i) out.set(i, from.get(i) > 0.5 ? 1.0 : 0.0);
  });
}

nn::Var bernoulli(nn::Var probabilities, Stream stream) {
  const nn::Tensor& p = probabilities.tape->value(probabilities);
  return probabilities.tape->constant(probabilities.shape(), [&](nn::Tensor& out) {
    for (std::int64_t i = 0; i < out.count(); ++i)
      out.set(i, stream.uniform() < p.get(i) ? 1.0 : 0.0);
  });
}

nn::Var logistic_noise(nn::Tape& tape, nn::Shape shape, Stream stream) {
  return tape.constant(shape, [&](nn::Tensor& out) {
    for (std::int64_t i = 0; i < out.count(); ++i) {
      const double u = stream.uniform(1e-6, 1.0 - 1e-6);
      out.set(i, std::log(u) - std::log1p(-u));
    }
  });
}

nn::Var hard_sigmoid(nn::Var a) {
  return nn::clamp(nn::scale(nn::shift(a, 1.0), 0.5), 0.0, 1.0);
}

void LogitGate::declare(nn::Parameters& out, std::string_view name, int features,
                        const Stream& init) const {
  const nn::Name logit(name, ".logit");
  const nn::Tensor level = nn::Tensor::full({features}, start);
  if (by_input) {
    out.add(nn::Name(logit, ".weight"),
            nn::Tensor::normal({features, features}, std::sqrt(1.0 / features), init.fork(logit)),
            nn::Role::kGate);
    out.add(nn::Name(logit, ".bias"), level, nn::Role::kGate);
  } else {
    out.add(logit, level, nn::Role::kGate);
  }
  if (target) out.add(nn::Name(name, ".multipliers"), nn::Tensor({2}), nn::Role::kOther);
}

nn::Var LogitGate::apply(nn::Forward& pass, std::string_view name, nn::Var x) const {
  const nn::Name logit(name, ".logit");
  const nn::Var a = by_input ? pass.linear(logit, x) : pass.parameter(logit);
  const nn::Var soft = values(pass, name, a);
  if (penalty > 0 || target) charge(pass, name, nn::mean(openness(a, soft)));
  return gated(pass, name, x, harden && !pass.training() ? step(soft) : soft);
}

void LogitGate::charge(nn::Forward& pass, std::string_view name, nn::Var share) const {
  if (penalty > 0) pass.add_loss(nn::Name(name, ".penalty"), nn::scale(share, penalty));
  if (!target) return;
  const nn::Var over = nn::shift(share, -*target);
  const nn::Name multipliers(name, ".multipliers");
  const nn::Tensor& l = pass.parameters().get(multipliers).value;
  pass.add_loss(nn::Name(name, ".target"),
                nn::add(nn::scale(over, l.get(0)), nn::scale(nn::square(over), l.get(1))));
  if (!pass.training()) return;
  // On the tape, since an update that holds more than a pointer would be allocated at every step.
  struct Climb {
    nn::Name multipliers;
    double over, rate;
  };
  Climb& climb = pass.tape().scratch<Climb>(1)[0];
  climb = {multipliers, pass.tape().scalar(over), multiplier_rate};
  pass.after_step([&climb](nn::Parameters& parameters) {
    nn::Tensor& at = parameters.get(climb.multipliers).value;
    at.set(0, at.get(0) + climb.rate * climb.over);
    at.set(1, at.get(1) + climb.rate * climb.over * climb.over);
  });
}

}  // namespace assay::gates
