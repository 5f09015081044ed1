#pragma once

#include "components/gates/gate.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

struct Gated {
  nn::Tensor out, open;
};

inline Gated apply_gate(const Gate& gate, const nn::Parameters& parameters, const nn::Tensor& x,
                        bool training, std::uint64_t seed) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, training, Stream(seed));
  Gated out;
  out.out = tape.value(gate.apply(pass, "gate", tape.constant(x)));
  for (const auto& statistic : pass.statistics())
    if (statistic.name == "gate.open") out.open = statistic.value;
  return out;
}

// A gated value lies between 0 and what it was; evaluation is deterministic and an example does not
// depend on the others; the statistic "<name>.open" holds each gate's value in [0, 1], by which the
// input is multiplied. `exact` tells whether differences confirm the gradient.
inline void gate_contract(const std::string& text, bool exact) {
  CAPTURE(text);
  const int n = 7, features = 5;
  const auto gate = build<Gate>(text);
  config_contract(*gate);
  declaration_contract(
      [&](nn::Parameters& out, const Stream& init) { gate->declare(out, "gate", features, init); },
      "gate");
  nn::Parameters parameters;
  gate->declare(parameters, "gate", features, Stream(3));
  const nn::Tensor x = nn::Tensor::normal({n, features}, 1.0, Stream(4));

  for (const bool training : {false, true}) {
    for (const std::uint64_t seed : {1, 2, 3}) {
      const Gated now = apply_gate(*gate, parameters, x, training, seed);
      REQUIRE(now.out.shape() == x.shape());
      bool between = true;
      for (std::int64_t i = 0; i < x.count(); ++i) {
        const double share = now.out.get(i) / x.get(i);
        between = between && share >= 0.0 && share <= 1.0 + 1e-6;  // a rounding of the quotient
      }
      CHECK_MESSAGE(between, "a gated value is not between 0 and what it was");
      REQUIRE((now.open.count() == features || now.open.count() == x.count()));
      for (std::int64_t j = 0; j < now.open.count(); ++j)
        CHECK((now.open.get(j) >= 0 && now.open.get(j) <= 1));
      for (std::int64_t i = 0; i < x.count(); ++i)
        CHECK(now.out.get(i) ==
              doctest::Approx(x.get(i) * now.open.get(i % now.open.count())).epsilon(1e-6));
      if (training) continue;
      CHECK(now.out == apply_gate(*gate, parameters, x, false, 0).out);
    }
  }
  const Gated all = apply_gate(*gate, parameters, x, false, 1);
  for (int row = 0; row < n; ++row) {
    nn::Tensor one({1, features});
    for (int j = 0; j < features; ++j) one.set(j, x.at(row, j));
    const nn::Tensor alone = apply_gate(*gate, parameters, one, false, 1).out;
    for (int j = 0; j < features; ++j)
      CHECK(alone.get(j) == doctest::Approx(all.out.at(row, j)).epsilon(1e-5));
  }

  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(7));
    return total_loss(probe(gate->apply(pass, "gate", tape.constant(x))), pass);
  };
  if (exact) CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
}
inline void gate_contract(const std::string& text) {
  gate_contract(text, exact_gradient("gate", text));
}

}  // namespace assay::testing
