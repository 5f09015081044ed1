#pragma once

#include <map>

#include "components/codebooks/codebook.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

struct Quantized {
  nn::Tensor value;        // n x features
  std::vector<int> codes;  // n x groups
  nn::Tensor counts;       // groups x size
  double loss = 0.0;       // auxiliary
};

inline Quantized quantize(const Codebook& codebook, const nn::Parameters& parameters,
                          const nn::Tensor& x, bool training = false, std::uint64_t seed = 1) {
  nn::Tape tape(x.dtype());
  nn::Forward pass(tape, parameters, training, Stream(seed));
  Quantized out;
  const Coded coded = codebook.quantize(pass, "codebook", tape.constant(x));
  out.value = tape.value(coded.value);
  out.codes.assign(coded.codes.begin(), coded.codes.end());
  for (const auto& loss : pass.losses()) out.loss += tape.scalar(loss.value);
  for (const auto& statistic : pass.statistics())
    if (statistic.name == "codebook.codes") out.counts = statistic.value;
  return out;
}

// Every row has `groups` codes below the size, "<name>.codes" counts them, and rows of the same
// codes have the same value.
inline void codes_contract(const Codebook& codebook, const Quantized& out, const nn::Tensor& x) {
  const int n = x.shape()[0], features = x.shape()[1], groups = codebook.groups(features);
  REQUIRE(out.value.shape() == x.shape());
  REQUIRE(out.codes.size() == static_cast<std::size_t>(n) * static_cast<std::size_t>(groups));
  REQUIRE(out.counts.shape() == nn::Shape{groups, codebook.size()});
  nn::Tensor counted(out.counts.shape());
  std::map<std::vector<int>, int> first;  // row of each combination
  for (int i = 0; i < n; ++i) {
    const auto row = out.codes.begin() + static_cast<std::ptrdiff_t>(i) * groups;
    for (int g = 0; g < groups; ++g) {
      REQUIRE((row[g] >= 0 && row[g] < codebook.size()));
      const std::int64_t at = std::int64_t{g} * codebook.size() + row[g];
      counted.set(at, counted.get(at) + 1);
    }
    const int same = first.try_emplace(std::vector<int>(row, row + groups), i).first->second;
    for (int j = 0; j < features; ++j) {
      REQUIRE(std::isfinite(out.value.at(i, j)));
      CHECK(out.value.at(i, j) == doctest::Approx(out.value.at(same, j)).epsilon(1e-5));
    }
  }
  CHECK(counted == out.counts);
}

// A training step: what it leaves of the parameters, and of a gradient of ones at its rows.
inline nn::Parameters codebook_step(const Codebook& codebook, nn::Parameters parameters,
                                    const nn::Tensor& x, nn::Tensor* gradient) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(9));
  const nn::Var rows = tape.leaf(x);
  nn::Var loss = nn::sum(codebook.quantize(pass, "codebook", rows).value);
  loss = total_loss(loss, pass);
  tape.backward(loss);
  tape.require_finite(loss);
  if (gradient) *gradient = tape.gradient(rows);
  pass.run_updates(parameters);
  return parameters;
}

// Parameters are the codebook's own, and its layers announce their inputs; a row's value follows
// from its codes and those from the row alone; every step gives rows a gradient, is the same twice,
// and leaves finite parameters. Where the gradient is exact, differences confirm it.
inline void codebook_contract(const std::string& text) {
  CAPTURE(text);
  const int n = 40, features = 4;
  const auto codebook = build<Codebook>(text);
  config_contract(*codebook);
  CHECK(codebook->size() >= 2);
  REQUIRE(codebook->groups(features) >= 1);
  const auto declare = [&](nn::Parameters& out, const Stream& init) {
    codebook->declare(out, "codebook", features, init);
  };
  declaration_contract(declare, "codebook");
  nn::Parameters parameters;
  declare(parameters, Stream(3));

  const nn::Tensor x = nn::Tensor::normal({n, features}, 1.0, Stream(4));
  for (const bool training : {false, true}) {
    const Quantized out = quantize(*codebook, parameters, x, training);
    codes_contract(*codebook, out, x);
    CHECK(std::isfinite(out.loss));
    const Quantized again = quantize(*codebook, parameters, x, training);
    CHECK(again.value == out.value);
    CHECK(again.codes == out.codes);
  }
  const Quantized all = quantize(*codebook, parameters, x, false, 1);
  CHECK(quantize(*codebook, parameters, x, false, 2).value == all.value);
  for (int row = 0; row < n; row += 13) {
    nn::Tensor one({1, features});
    for (int j = 0; j < features; ++j) one.set(j, x.at(row, j));
    const Quantized alone = quantize(*codebook, parameters, one);
    for (int j = 0; j < features; ++j)
      CHECK(alone.value.get(j) == doctest::Approx(all.value.at(row, j)).epsilon(1e-5));
  }

  nn::Tensor gradient;
  nn::Parameters moved = codebook_step(*codebook, parameters, x, &gradient);
  bool any = false;
  for (std::int64_t i = 0; i < gradient.count(); ++i) any = any || gradient.get(i) != 0.0;
  CHECK_MESSAGE(any, "no gradient reaches the rows");
  Archive first, twice;
  moved.save(first, "p");
  codebook_step(*codebook, parameters, x, nullptr).save(twice, "p");
  CHECK(first == twice);
  for (int step = 0; step < 5; ++step) moved = codebook_step(*codebook, moved, x, nullptr);
  codes_contract(*codebook, quantize(*codebook, moved, x), x);

  std::vector<std::string> sites;
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(1));
  pass.add_hook(nn::Forward::Hook([&](std::string_view name, nn::Var value) {
    sites.emplace_back(name);
    return value;
  }));
  (void)codebook->quantize(pass, "codebook", tape.constant(x));
  for (const nn::Parameter& p : parameters)
    if (p.role == nn::Role::kWeight)
      CHECK(std::find(sites.begin(), sites.end(), p.name.substr(0, p.name.size() - 7) + ".in") !=
            sites.end());

  const LossFn loss = [&](nn::Tape& on, const nn::Parameters& at) {
    nn::Forward training(on, at, true, Stream(7));
    return total_loss(probe(codebook->quantize(training, "codebook", on.constant(x)).value),
                      training);
  };
  if (exact_gradient("codebook", text)) CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
}

}  // namespace assay::testing
