#pragma once

#include <cmath>

#include "components/saes/sae.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// An untrained autoencoder that reads `features` numbers, its inputs left as they are.
inline TrainedSae untrained_sae(const std::string& text, int features, std::uint64_t seed) {
  TrainedSae out;
  out.sae = build<Sae>(text);
  out.features = features;
  out.in.mean = nn::Tensor({features});
  out.sae->declare(out.parameters, SaeFormat::plain(features), Stream(seed));
  return out;
}

inline nn::Var sae_loss(const Sae& sae, nn::Tape& tape, const nn::Parameters& parameters,
                        const nn::Tensor& x) {
  nn::Forward pass(tape, parameters, true, Stream(7));
  const nn::Var input = tape.constant(x);
  return sae.loss(pass, input, input);
}

// The laws of the kind, for a configuration with a few latents that suits 6 features.
inline void sae_contract(const std::string& text) {
  CAPTURE(text);
  const int n = 9, features = 6;
  const TrainedSae trained = untrained_sae(text, features, 3);
  config_contract(*trained.sae);
  const int latents = trained.sae->latents(features);
  const nn::Tensor x = nn::Tensor::normal({n, features}, 1.0, Stream(11));

  REQUIRE(trained.parameters.get("decoder.weight").value.shape() == nn::Shape{latents, features});
  const TrainedSae same = untrained_sae(text, features, 3);
  const TrainedSae other = untrained_sae(text, features, 4);
  CHECK(archive_of(same) == archive_of(trained));
  CHECK_FALSE(archive_of(other) == archive_of(trained));

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

  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& parameters) {
    return sae_loss(*trained.sae, tape, parameters, x);
  };
  if (exact_gradient("sae", text)) CHECK(gradient_error(trained.parameters, loss) < 1e-5);

  // What a step does to the parameters is done: doing it again changes nothing but rounding.
  TrainedSae stepped = untrained_sae(text, features, 3);
  nn::Tensor& rows = stepped.parameters.get("decoder.weight").value;
  for (std::int64_t i = 0; i < rows.count(); ++i) rows.set(i, 3.0 * rows.get(i));
  stepped.sae->after_step(stepped.parameters);
  const nn::Tensor once = rows;
  stepped.sae->after_step(stepped.parameters);
  for (std::int64_t i = 0; i < rows.count(); ++i)
    CHECK(rows.get(i) == doctest::Approx(once.get(i)).epsilon(1e-6));

  archive_contract(trained);
  CHECK(TrainedSae::load(archive_of(trained))->encode(x) == codes);
}

}  // namespace assay::testing
