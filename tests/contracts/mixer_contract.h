#pragma once

#include "components/mixers/mixer.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

inline nn::Tensor mix(const Mixer& mixer, const nn::Parameters& parameters, const nn::Tensor& x,
                      int length, bool training = false) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, training, Stream(1));
  return tape.value(mixer.mix(pass, "mixer", tape.constant(x), length));
}

// The first `begin` positions at once, then one by one from a cache, the outputs are those of the
// whole sequences. In float: sums of another order (a recurrence in chunks, products of another
// size) differ by some roundings, 1e-4 of numbers of order one.
inline void cache_law(const Mixer& mixer, const nn::Parameters& parameters, const nn::Tensor& x,
                      int length, const nn::Tensor& whole, const Eviction* eviction = nullptr,
                      int begin = 1) {
  const int batch = x.shape()[0] / length, features = x.shape().back();
  nn::KeyValueCache cache(batch, length, eviction);
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(1));
  pass.set_cache(&cache);
  for (int t = 0, count = begin; t < length; t += count, count = 1) {
    nn::Tensor now({batch * count, features});
    const auto at = [&](int i) {  // in the whole sequences
      const int row = i / features;
      return (row / count * length + t + row % count) * features + i % features;
    };
    for (int i = 0; i < now.count(); ++i) now.set(i, x.get(at(i)));
    pass.begin(Stream(1));
    const nn::Tensor& next = tape.value(mixer.mix(pass, "mixer", tape.constant(now), count));
    cache.advance(count);
    for (int i = 0; i < now.count(); ++i)
      CHECK(next.get(i) == doctest::Approx(whole.get(at(i))).epsilon(1e-4));
  }
}

// Shapes stay; a sequence does not depend on the others of its batch; a position of a causal mixer
// does not depend on later ones; one that goes on from a cache gives what it gives for the whole
// sequence; parameters are the mixer's own; gradients are right.
inline void mixer_contract(const std::string& text) {
  CAPTURE(text);
  const int batch = 3, length = 6, features = 4;
  const auto mixer = build<Mixer>(text);
  config_contract(*mixer);
  declaration_contract([&](nn::Parameters& out,
                           const Stream& init) { mixer->declare(out, "mixer", features, init); },
                       "mixer");
  nn::Parameters parameters;
  mixer->declare(parameters, "mixer", features, Stream(3));
  const nn::Tensor x = nn::Tensor::normal({batch * length, features}, 1.0, Stream(4));
  const nn::Tensor out = mix(*mixer, parameters, x, length);
  REQUIRE(out.shape() == x.shape());
  CHECK(mix(*mixer, parameters, x, length) == out);

  const int size = length * features;
  for (int b = 0; b < batch; ++b) {
    nn::Tensor one({length, features});
    for (int i = 0; i < size; ++i) one.set(i, x.get(b * size + i));
    const nn::Tensor alone = mix(*mixer, parameters, one, length);
    for (int i = 0; i < size; ++i)
      CHECK(alone.get(i) == doctest::Approx(out.get(b * size + i)).epsilon(1e-5));
  }
  for (int t = 0; mixer->causal() && t + 1 < length; ++t) {
    nn::Tensor changed = x;
    for (int i = (t + 1) * features; i < size; ++i) changed.set(i, -x.get(i));
    const nn::Tensor later = mix(*mixer, parameters, changed, length);
    for (int i = 0; i < (t + 1) * features; ++i)
      CHECK(later.get(i) == doctest::Approx(out.get(i)).epsilon(1e-5));
  }

  for (const int begin : {1, 4})
    if (mixer->incremental()) cache_law(*mixer, parameters, x, length, out, nullptr, begin);

  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(7));
    return total_loss(probe(mixer->mix(pass, "mixer", tape.constant(x), length)), pass);
  };
  if (exact_gradient("mixer", text)) CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
}

}  // namespace assay::testing
