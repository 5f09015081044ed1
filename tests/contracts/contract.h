#pragma once

// What the contract suites share. A suite takes a component as a study would write it and checks
// what its kind promises; a plugin's tests include the suite of its kind and run it as ours do.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "components/nn/forward.h"
#include "runner/registry/stage.h"
#include "tests/components/support.h"

namespace assay::testing {

inline Archive archive_of(const Artifact& artifact) {
  Archive out;
  artifact.save(out);
  return out;
}

// An artifact comes back from its archive with nothing lost, by the loader of its type.
inline void archive_contract(const Artifact& artifact) {
  const Archive saved = archive_of(artifact);
  const auto loaded = load_artifact(artifact.type(), saved);
  REQUIRE(loaded);
  CHECK(loaded->type() == artifact.type());
  CHECK(archive_of(*loaded) == saved);
}

// The configuration of a component, written out, builds the same component.
template <class K>
void config_contract(const K& component) {
  const auto again = build<K>(component.config().text());
  CHECK(again->config() == component.config());
}

// Whether results may differ from seed to seed: said by the component or by one inside it.
inline bool draws(std::string_view kind, const std::string& text) {
  return Registry::global().canonical(kind, config::parse_value(text)).draws;
}

// Whether gradients are derivatives, as nearly all are, or stand in for them (kSurrogate of a
// component: a rounding passed straight through), which differences cannot confirm.
inline bool exact_gradient(std::string_view kind, const std::string& text) {
  return !Registry::global().canonical(kind, config::parse_value(text)).surrogate;
}

// Every component of a kind, as its own example configures it.
inline std::vector<std::string> examples_of_kind(std::string_view kind) {
  std::vector<std::string> out;
  for (const ComponentSpec* spec : Registry::global().all(kind))
    out.push_back(spec->example_text());
  return out;
}

using LossFn = std::function<nn::Var(nn::Tape&, const nn::Parameters&)>;

// Largest relative error of the gradients of every parameter against central differences in double.
// `loss` draws the same random numbers each time it is called. Step 1e-6: a kink (ReLU, a change of
// what a top-k keeps) within a step of these numbers is improbable. The worst entry is printed.
inline double gradient_error(const nn::Parameters& at, const LossFn& loss) {
  nn::Parameters parameters = at.to(nn::Dtype::kFloat64);
  nn::Tape tape(nn::Dtype::kFloat64), other(nn::Dtype::kFloat64);
  const auto evaluate = [&] {
    other.reset();
    return other.scalar(loss(other, parameters));
  };
  tape.backward(loss(tape, parameters));
  double worst = 0.0;
  std::string where;
  for (nn::Parameter& p : parameters) {
    const nn::Tensor* gradient = tape.gradient_of(p);  // null where the loss did not use it
    for (std::int64_t i = 0; i < p.value.count(); ++i) {
      const double x = p.value.get(i), h = 1e-6;
      p.value.set(i, x + h);
      const double up = evaluate();
      p.value.set(i, x - h);
      const double down = evaluate();
      p.value.set(i, x);
      const double slope = (up - down) / (2 * h), got = gradient ? gradient->get(i) : 0.0;
      const double error = std::abs(slope - got) / std::max(1.0, std::abs(slope));
      if (error <= worst) continue;
      worst = error;
      where = p.name + "[" + std::to_string(i) + "]: gradient " + std::to_string(got) +
              ", differences " + std::to_string(slope);
    }
  }
  if (!(worst < 1e-5)) MESSAGE(where);
  return worst;
}

// The same parameters with noise on each, so that nothing sits exactly on a kink as zeros would.
inline nn::Parameters jittered(const nn::Parameters& parameters) {
  nn::Parameters out = parameters.to(nn::Dtype::kFloat64);
  Stream noise(11);
  for (nn::Parameter& p : out)
    for (std::int64_t i = 0; i < p.value.count(); ++i)
      p.value.set(i, p.value.get(i) + 0.1 * noise.normal());
  return out;
}

// One number that every entry of `a` moves, each by a weight of its own.
inline nn::Var probe(nn::Var a, int seed = 12) {
  const auto weights = nn::Tensor::normal(a.shape(), 1.0, Stream(static_cast<std::uint64_t>(seed)));
  return nn::sum(nn::multiply(a, a.tape->constant(weights)));
}

// The loss of a pass: what it is asked to give, and its auxiliary losses.
inline nn::Var total_loss(nn::Var main, const nn::Forward& pass) {
  for (const auto& extra : pass.losses()) main = nn::add(main, extra.value);
  return main;
}

// A component inside a model declares the same parameters for the same random numbers, each named
// "<name>.…".
inline void declaration_contract(const std::function<void(nn::Parameters&, const Stream&)>& declare,
                                 const std::string& name) {
  nn::Parameters first, again;
  declare(first, Stream(3));
  declare(again, Stream(3));
  Archive saved, twice;
  first.save(saved, "p");
  again.save(twice, "p");
  CHECK(saved == twice);
  for (const nn::Parameter& p : first) CHECK(p.name.rfind(name + ".", 0) == 0);
}

// A network whose weights, biases and router all have values, and data to calibrate it.
inline TrainedModel subject() {
  return model("{ use = \"moe-mlp\", hidden = 12, experts = 3, expert_hidden = 8 }", 6, 4);
}

}  // namespace assay::testing
