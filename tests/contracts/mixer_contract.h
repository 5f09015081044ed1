#pragma once

#include "components/mixers/mixer.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

inline nn::Tensor mix(const Mixer& mixer, const nn::Parameters& parameters, const nn::Tensor& x,
                      bool training = false) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, training, Stream(1));
  return tape.value(mixer.mix(pass, "mixer", tape.constant(x)));
}

// Shapes stay; a sequence does not depend on the others of its batch; a position of a causal mixer
// does not depend on later ones; parameters are the mixer's own; gradients are right.
inline void mixer_contract(const std::string& text, Gradient gradient = Gradient::kExact) {
  CAPTURE(text);
  const int batch = 3, length = 6, features = 4;
  const auto mixer = build<Mixer>(text);
  config_contract(*mixer);
  declaration_contract([&](nn::Parameters& out,
                           const Stream& init) { mixer->declare(out, "mixer", features, init); },
                       "mixer");
  nn::Parameters parameters;
  mixer->declare(parameters, "mixer", features, Stream(3));
  const nn::Tensor x = nn::Tensor::normal({batch, length, features}, 1.0, Stream(4));
  const nn::Tensor out = mix(*mixer, parameters, x);
  REQUIRE(out.shape() == x.shape());
  CHECK(mix(*mixer, parameters, x) == out);

  const int size = length * features;
  for (int b = 0; b < batch; ++b) {
    nn::Tensor one({1, length, features});
    for (int i = 0; i < size; ++i) one.set(i, x.get(b * size + i));
    const nn::Tensor alone = mix(*mixer, parameters, one);
    for (int i = 0; i < size; ++i)
      CHECK(alone.get(i) == doctest::Approx(out.get(b * size + i)).epsilon(1e-5));
  }
  for (int t = 0; mixer->causal() && t + 1 < length; ++t) {
    nn::Tensor changed = x;
    for (int i = (t + 1) * features; i < size; ++i) changed.set(i, -x.get(i));
    const nn::Tensor later = mix(*mixer, parameters, changed);
    for (int i = 0; i < (t + 1) * features; ++i)
      CHECK(later.get(i) == doctest::Approx(out.get(i)).epsilon(1e-5));
  }

  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(7));
    return total_loss(probe(mixer->mix(pass, "mixer", tape.constant(x))), pass);
  };
  if (gradient == Gradient::kExact) CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
}

}  // namespace assay::testing
