#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <memory>
#include <string>

#include "components/saes/sae.h"

namespace assay::testing {

// An untrained autoencoder that reads `features` numbers, its inputs left as they are.
inline TrainedSae untrained_sae(const Value& config, int features, std::uint64_t seed) {
  TrainedSae out;
  out.sae = Registry::global().build<Sae>(config);
  out.features = features;
  out.mean = nn::Tensor({features});
  out.sae->declare(out.parameters, features, Stream(seed));
  return out;
}

inline double sae_loss(const Sae& sae, const nn::Parameters& parameters, const nn::Tensor& x) {
  nn::Tape tape(nn::Dtype::kFloat64);
  nn::Forward pass(tape, parameters, true, Stream(7));
  return tape.scalar(sae.loss(pass, tape.constant(x)));
}

// Largest relative error of the gradient of the loss against central differences in double. Step
// 1e-6: a kink (ReLU, a change of the kept latents) within a step of these inputs is improbable.
inline double sae_gradient_error(const TrainedSae& trained, const nn::Tensor& x) {
  nn::Parameters parameters = trained.parameters.to(nn::Dtype::kFloat64);
  nn::Tape tape(nn::Dtype::kFloat64);
  nn::Forward pass(tape, parameters, true, Stream(7));
  tape.backward(trained.sae->loss(pass, tape.constant(x)));
  std::vector<nn::Tensor> gradients;
  for (const nn::Parameter& p : parameters) {
    const nn::Tensor* gradient = tape.gradient_of(p);
    REQUIRE_MESSAGE(gradient != nullptr, p.name << " is not trained");
    gradients.push_back(*gradient);
  }
  double worst = 0.0;
  std::size_t which = 0;
  for (nn::Parameter& p : parameters) {
    const nn::Tensor& gradient = gradients[which++];
    for (std::int64_t i = 0; i < p.value.count(); ++i) {
      const double at = p.value.get(i), h = 1e-6;
      p.value.set(i, at + h);
      const double up = sae_loss(*trained.sae, parameters, x);
      p.value.set(i, at - h);
      const double down = sae_loss(*trained.sae, parameters, x);
      p.value.set(i, at);
      const double slope = (up - down) / (2 * h);
      worst = std::max(worst, std::abs(slope - gradient.get(i)) / std::max(1.0, std::abs(slope)));
    }
  }
  return worst;
}

// The laws of the kind, for a configuration with a few latents that suits 6 features.
inline void sae_contract(const Value& config) {
  const int n = 9, features = 6;
  const TrainedSae trained = untrained_sae(config, features, 3);
  const int latents = trained.sae->latents(features);
  const nn::Tensor x = nn::Tensor::normal({n, features}, 1.0, Stream(11));

  REQUIRE(trained.parameters.get("decoder.weight").value.shape() == nn::Shape{latents, features});
  const TrainedSae same = untrained_sae(config, features, 3);
  const TrainedSae other = untrained_sae(config, features, 4);
  const auto decoder = [](const TrainedSae& sae) {
    return sae.parameters.get("decoder.weight").value;
  };
  CHECK(decoder(same) == decoder(trained));
  CHECK_FALSE(decoder(other) == decoder(trained));

  const nn::Tensor codes = trained.encode(x), back = trained.reconstruct(x);
  CHECK(codes.shape() == nn::Shape{n, latents});
  CHECK(back.shape() == nn::Shape{n, features});
  for (std::int64_t i = 0; i < codes.count(); ++i) REQUIRE(std::isfinite(codes.get(i)));
  CHECK(trained.encode(x) == codes);

  // In evaluation the code of an example does not depend on the others. Products of another size
  // may round differently in float: 1e-5.
  for (int row = 0; row < n; ++row) {
    nn::Tensor one({1, features});
    for (int j = 0; j < features; ++j) one.set(j, x.at(row, j));
    const nn::Tensor alone = trained.encode(one);
    for (int j = 0; j < latents; ++j) CHECK(std::abs(alone.get(j) - codes.at(row, j)) < 1e-5);
  }

  CHECK(sae_gradient_error(trained, x.to(nn::Dtype::kFloat64)) < 1e-5);

  // What a step does to the parameters is done: doing it again changes nothing but rounding.
  TrainedSae stepped = untrained_sae(config, features, 3);
  nn::Tensor& rows = stepped.parameters.get("decoder.weight").value;
  for (std::int64_t i = 0; i < rows.count(); ++i) rows.set(i, 3.0 * rows.get(i));
  stepped.sae->after_step(stepped.parameters);
  const nn::Tensor once = rows;
  stepped.sae->after_step(stepped.parameters);
  for (std::int64_t i = 0; i < rows.count(); ++i)
    CHECK(rows.get(i) == doctest::Approx(once.get(i)).epsilon(1e-6));

  Archive saved, again;
  trained.save(saved);
  const auto loaded = TrainedSae::load(saved);
  loaded->save(again);
  CHECK(saved == again);
  CHECK(loaded->encode(x) == codes);
  CHECK(loaded->sae->config() == trained.sae->config());
}

}  // namespace assay::testing
