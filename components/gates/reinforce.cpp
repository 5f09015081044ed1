// Bernoulli gates with the score-function gradient: in training z_j is 1 with probability
// sigmoid(a_j), and the gradient by a is (loss - b) d log p(z) / da, which is unbiased whatever the
// loss (Williams 1992, eq. 4). The baseline b is the moving average of the losses before this step,
// (1 - d) sum_i d^i loss_i over its weights, kept as "<name>.baseline"; the first step has none and
// moves no gate. In evaluation a gate is the likelier of 0 and 1.
#include "components/gates/logit_gate.h"

namespace assay::gates {
namespace {

struct Reinforce final : LogitGate {
  static constexpr Info kInfo{"reinforce", 1, "Bernoulli gate with the score-function gradient.",
                              "Williams 1992, doi:10.1007/BF00992696, eq. 4 and section 4", true};
  static constexpr bool kSurrogate = true;
  float decay = 0.9F;

  static void params(Params<Reinforce>& p) {
    p.add("decay", &Reinforce::decay).at_least(0).below(1).doc("d, of the baseline.");
    logit_params(p);
    input_params(p);
    budget_params(p);
  }
  void declare(nn::Parameters& out, std::string_view name, int features,
               const Stream& init) const override {
    LogitGate::declare(out, name, features, init);
    out.add(nn::Name(name, ".baseline"), nn::Tensor({2}), nn::Role::kOther);
  }

 protected:
  nn::Var values(nn::Forward& pass, std::string_view name, nn::Var a) const override {
    const nn::Var p = nn::sigmoid(a);
    if (!pass.training()) return step(p);
    const nn::Var z = bernoulli(p, pass.stream(name));
    // log p(z) = z log sigmoid(a) + (1 - z) log sigmoid(-a) = z a - softplus(a).
    const nn::Var log_probability = nn::sum(nn::subtract(nn::multiply(z, a), nn::softplus(a)));
    const nn::Name baseline(name, ".baseline");
    const nn::Tensor& average = pass.parameters().get(baseline).value;  // sum, weight
    pass.add_score(
        name, log_probability,
        average.get(1) > 0 ? std::optional(average.get(0) / average.get(1)) : std::nullopt);
    follow(pass, baseline);
    return z;
  }
  nn::Var openness(nn::Var a, nn::Var /*values*/) const override { return nn::sigmoid(a); }

 private:
  void follow(nn::Forward& pass, const nn::Name& baseline) const {
    // On the tape, since an update that holds more than a pointer would be allocated at every step.
    struct Average {
      const nn::Forward* pass;
      nn::Name baseline;
      double decay;
    };
    Average& average = pass.tape().scratch<Average>(1)[0];
    average = {&pass, baseline, decay};
    pass.after_step([&average](nn::Parameters& parameters) {
      nn::Tensor& at = parameters.get(average.baseline).value;
      const double d = average.decay;
      at.set(0, d * at.get(0) + (1.0 - d) * average.pass->loss());
      at.set(1, d * at.get(1) + (1.0 - d));
    });
  }
};
ASSAY_REGISTER(Gate, Reinforce);

}  // namespace
}  // namespace assay::gates
