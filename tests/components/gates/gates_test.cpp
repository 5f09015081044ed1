#include <cmath>

#include "tests/contracts/gate_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

nn::Tensor gated(const Gate& gate, const nn::Parameters& parameters, bool training, int seed,
                 double* loss = nullptr) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, training, Stream(static_cast<std::uint64_t>(seed)));
  const nn::Var out = gate.apply(pass, "gate", tape.constant(nn::Tensor::full({2, 5}, 1.0)));
  for (const auto& one : pass.losses())
    if (loss) *loss += tape.scalar(one.value);
  return tape.value(out);
}

}  // namespace

TEST_CASE("every gate keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("gate")) gate_contract(text);
  gate_contract("{ use = \"sigmoid\", sparsity = 0.3, temperature = 0.5 }");
  gate_contract("{ use = \"hard-concrete\", penalty = 0.3 }");
}

TEST_CASE("hard-concrete: expected share of open gates against simulation") {
  const auto gate = build<Gate>("{ use = \"hard-concrete\", penalty = 1.0, start = 0.3 }");
  nn::Parameters parameters;
  gate->declare(parameters, "gate", 5, Stream(1));
  double expected = 0.0;
  (void)gated(*gate, parameters, false, 0, &expected);
  double open = 0.0;
  const int n = 4000;
  for (int seed = 0; seed < n; ++seed) {
    const nn::Tensor g = gated(*gate, parameters, true, seed);
    for (int j = 0; j < 5; ++j) open += g.at(0, j) > 0.0;
  }
  // Five standard errors of a share over 5 n draws.
  CHECK(std::abs(open / (5 * n) - expected) < 5 * 0.5 / std::sqrt(5.0 * n));
}

TEST_CASE("hard-concrete closes and opens fully in evaluation") {
  for (const double start : {-10.0, 10.0}) {
    const auto gate =
        build<Gate>("{ use = \"hard-concrete\", start = " + number_text(start) + " }");
    nn::Parameters parameters;
    gate->declare(parameters, "gate", 5, Stream(1));
    CHECK(gated(*gate, parameters, false, 0) == nn::Tensor::full({2, 5}, start > 0 ? 1.0 : 0.0));
  }
}
