#pragma once

#include <optional>

#include "components/gates/gate.h"
#include "runner/registry/registry.h"

namespace assay::gates {

// How a temperature or a slope goes from its first value to its last one during training.
enum class Anneal { kConstant, kLinear, kExponential };
inline constexpr std::string_view kAnnealNames[] = {"constant", "linear", "exponential"};
// first, first + t (last - first) or first (last / first)^t, where t is the share of training done.
double annealed(Anneal anneal, double first, double last, double t);

// x (n x features) times gate values (features, or n x features); adds the statistic "<name>.open".
nn::Var gated(nn::Forward& pass, std::string_view name, nn::Var x, nn::Var values);
// 1 where above one half, else 0; no gradient.
nn::Var step(nn::Var values);
// 1 with these probabilities, else 0; no gradient.
nn::Var bernoulli(nn::Var probabilities, Stream stream);
// log u - log(1 - u), u uniform: the difference of two Gumbel numbers.
nn::Var logistic_noise(nn::Tape& tape, nn::Shape shape, Stream stream);
// max(0, min(1, (a + 1) / 2)) (Courbariaux et al. 2016, arXiv:1602.02830, eq. 3).
nn::Var hard_sigmoid(nn::Var a);

// What gates from logits share. A logit a_j is one learnt number for each feature ("<name>.logit"),
// or with `by_input` a linear map of the features, a = W x + b ("<name>.logit.weight" and ".bias";
// multiply-adds of models do not count it). Being open costs:
// - `penalty` times the expected share c of open gates;
// - with a `target` t, l1 (c - t) + l2 (c - t)² (Wang, Wohlwend and Lei 2020, arXiv:1910.04732,
//   section 3.3). The multipliers l1 and l2 begin at 0 and climb: after each step l1 += r (c - t)
//   and l2 += r (c - t)², r being `multiplier_rate`. They are "<name>.multipliers", which no
//   gradient reaches. Departures: the authors' code climbs by Adam and lets t fall slowly from 1.
class LogitGate : public Gate {
 public:
  float start = 2.0F;
  bool by_input = false;
  bool harden = false;
  float penalty = 0.0F;
  std::optional<float> target;
  float multiplier_rate = 0.1F;

  template <class T>
  static void logit_params(Params<T>& p) {
    p.add("start", &T::start).range(-20, 20).doc("Value of a (of b) before training.");
  }
  template <class T>
  static void input_params(Params<T>& p) {
    p.add("by_input", &T::by_input).doc("a = W x + b rather than one number for each feature.");
  }
  template <class T>
  static void harden_params(Params<T>& p) {
    p.add("harden", &T::harden).doc("In evaluation: 1 above one half, else 0.");
  }
  template <class T>
  static void budget_params(Params<T>& p) {
    p.add("penalty", &T::penalty)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the expected share of open gates.");
    p.add("target", &T::target)
        .range(0, 1)
        .doc("Share of open gates to reach, by Lagrangian multipliers.");
    p.add("multiplier_rate", &T::multiplier_rate)
        .at_least(0)
        .doc("How fast these climb; 0 keeps them at 0.");
  }

  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override;
  nn::Var apply(nn::Forward& pass, std::string_view name, nn::Var x) const override;

 protected:
  // Gate values in [0, 1] for logits, which have their shape.
  virtual nn::Var values(nn::Forward& pass, std::string_view name, nn::Var a) const = 0;
  // The probability that each gate is open, where values are not that.
  virtual nn::Var openness(nn::Var /*a*/, nn::Var values) const { return values; }

 private:
  void charge(nn::Forward& pass, std::string_view name, nn::Var share) const;
};

// Those that divide their logits by a temperature.
class TemperedGate : public LogitGate {
 public:
  float temperature = 1.0F;
  float final_temperature = 1.0F;
  Anneal anneal = Anneal::kConstant;

  template <class T>
  static void temperature_params(Params<T>& p) {
    p.add("temperature", &T::temperature).above(0).doc("T; smaller is harder.");
    p.add("final_temperature", &T::final_temperature)
        .above(0)
        .doc("T at the end of training and in evaluation, unless it is constant.");
    p.add("anneal", &T::anneal, std::span(kAnnealNames)).doc("How T goes there.");
  }

 protected:
  double now(const nn::Forward& pass) const {
    return annealed(anneal, temperature, final_temperature, pass.progress());
  }
};

}  // namespace assay::gates
