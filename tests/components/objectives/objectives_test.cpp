#include <cmath>

#include "tests/contracts/objective_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

double loss(const std::string& objective, const TrainedModel& m, const Examples& batch,
            int seed = 0) {
  nn::Tape tape;
  nn::Forward pass(tape, m.parameters, true, Stream(static_cast<std::uint64_t>(seed)));
  return tape.scalar(build<Objective>(objective)->loss(pass, *m.model, m.format, batch));
}

}  // namespace

TEST_CASE("every objective keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("objective")) objective_contract(text);
}

TEST_CASE("cross-entropy by hand") {
  TrainedModel m = model("\"linear\"", 2, 2);
  m.parameters.get("output.weight").value = nn::Tensor::of({2, 2}, std::vector<double>{1, 0, 0, 1});
  Examples batch;
  batch.count = 2;
  batch.features = nn::Tensor::of({2, 2}, std::vector<double>{std::log(3.0), 0, std::log(3.0), 0});
  batch.labels = {0, 1};
  CHECK(loss("\"cross-entropy\"", m, batch) ==
        doctest::Approx(-0.5 * (std::log(0.75) + std::log(0.25))));
}

TEST_CASE("mse by hand: a model whose outputs are 1 on inputs 0 and 3") {
  TrainedModel m = model("{ use = \"autoencoder\", hidden = 2, code = 1 }", 2, 0);
  for (nn::Parameter& p : m.parameters) p.value.fill(p.name == "output.bias" ? 1.0 : 0.0);
  Examples batch;
  batch.count = 1;
  batch.features = nn::Tensor::of({1, 2}, std::vector<double>{0, 3});
  CHECK(loss("\"mse\"", m, batch) == doctest::Approx((1.0 + 4.0) / 2));
}

TEST_CASE("masked-cross-entropy counts masked positions alone") {
  // The model says at every position: label 0 with probability 3/4. So a batch of label 0 has the
  // loss -log 3/4 whatever is masked, and one of label 1 has -log 1/4.
  TrainedModel m;
  m.model = build<Model>("\"linear\"");
  m.format = {true, 3, 3, 3, 2};
  m.model->declare(m.parameters, m.format, Stream(1));
  m.parameters.get("output.weight").value.fill(0.0);
  for (int i = 0; i < 3; ++i) m.parameters.get("output.bias").value.set(2 * i, std::log(3.0));
  Examples batch;
  batch.count = 4;
  batch.tokens.assign(12, 1);
  for (const int label : {0, 1}) {
    batch.labels.assign(12, label);
    for (int seed = 0; seed < 5; ++seed)
      CHECK(loss("\"masked-cross-entropy\"", m, batch, seed) ==
            doctest::Approx(-std::log(label == 0 ? 0.75 : 0.25)));
  }
  // A model that copies its input token would be right where nothing is masked: it must not see it.
  m.parameters.get("output.bias").value.fill(0.0);
  auto& w = m.parameters.get("output.weight").value;
  for (int i = 0; i < 3; ++i)
    for (int c = 0; c < 2; ++c) w.set((2 * i + c) * 9 + 3 * i + 1 + c, 100.0);
  CHECK(loss("\"masked-cross-entropy\"", m, batch, 1) == doctest::Approx(std::log(2.0)));
}
