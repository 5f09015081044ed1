#pragma once

#include "components/adapters/adapter.h"
#include "tests/contracts/model_contract.h"

namespace assay::testing {

// Models of every make, each with data that it serves.
inline std::vector<std::pair<std::string, DataFormat>> adapted_subjects() {
  const DataFormat image{false, 16, 0, 1, 3}, text{true, 5, 4, 5, 3};
  return {{"{ use = \"mlp\", hidden = [5, 4] }", image},
          {"{ use = \"moe-mlp\", hidden = 5, experts = 3, expert_hidden = 4 }", image},
          {"{ use = \"cnn\", channels = [3, 2], pool = 2 }", image},
          {"{ use = \"cnn\", channels = [3], separable = true, pool = 1 }", image},
          {"{ use = \"transformer\", width = 4, hidden = 5 }", text},
          {"{ use = \"sequence\", width = 4, hidden = 5, mixer = \"recurrent\" }", text}};
}

// A model under an adapter as it is declared, the base's parameters drawn as they would be without.
inline TrainedModel adapted(const std::string& base, const std::string& adapter,
                            const DataFormat& format) {
  TrainedModel out;
  out.model =
      build<Model>("{ use = \"adapted\", model = " + base + ", adapter = " + adapter + " }");
  out.format = format;
  out.model->declare(out.parameters, format, Stream(3));
  return out;
}

// Its first values leave the model as it was, bit for bit, hooks gone after the pass; its
// parameters are its own, the model's stay as they were, also when it looks at a trained model;
// they matter, and their gradients are right.
inline void adapter_laws(const std::string& text, const std::string& base,
                         const DataFormat& format) {
  CAPTURE(base);
  TrainedModel plain;
  plain.model = build<Model>(base);
  plain.format = format;
  plain.model->declare(plain.parameters, format, Stream(3));
  declaration_contract(
      [&](nn::Parameters& out, const Stream& init) {
        build<Adapter>(text)->declare(out, "adapter", plain.parameters, init);
      },
      "adapter");
  TrainedModel with = adapted(base, text, format);
  CHECK(with.parameters.size() > plain.parameters.size());
  for (const nn::Parameter& p : plain.parameters)
    CHECK(with.parameters.get(p.name).value == p.value);

  const Examples data = examples_of(format, 9, 5);
  const nn::Tensor before = plain.outputs(data);
  CHECK(with.outputs(data) == before);
  archive_contract(with);

  nn::Tape tape;
  nn::Forward pass(tape, with.parameters, false, Stream(1));
  (void)with.model->forward(pass, format, data);
  CHECK_FALSE(pass.watched());

  TrainedModel calibrated = with, again = with;
  build<Adapter>(text)->calibrate(calibrated, "adapter", data);
  build<Adapter>(text)->calibrate(again, "adapter", data);
  CHECK(archive_of(again) == archive_of(calibrated));
  for (const nn::Parameter& p : plain.parameters)
    CHECK(calibrated.parameters.get(p.name).value == p.value);
  const nn::Tensor out = calibrated.outputs(data);
  for (std::int64_t i = 0; i < out.count(); ++i) REQUIRE(std::isfinite(out.get(i)));

  TrainedModel moved = with;
  Stream noise(17);
  for (nn::Parameter& p : moved.parameters)
    for (std::int64_t i = 0; !plain.parameters.find(p.name) && i < p.value.count(); ++i)
      p.value.set(i, p.value.get(i) + 0.1 * noise.normal());
  CHECK_FALSE(moved.outputs(data) == before);
  // The hooks of a pass are gone when it is over, so the model below is the plain one again.
  pass.begin(Stream(1));
  CHECK(tape.value(plain.model->forward(pass, format, data)) == before);

  const LossFn loss = [&](nn::Tape& on, const nn::Parameters& at) {
    nn::Forward training(on, at, true, Stream(9));
    return total_loss(probe(with.model->forward(training, format, data)), training);
  };
  if (exact_gradient("adapter", text))
    CHECK(gradient_error(jittered(with.parameters), loss) < 1e-5);
}

inline void adapter_contract(const std::string& text) {
  CAPTURE(text);
  config_contract(*build<Adapter>(text));
  for (const auto& [base, format] : adapted_subjects()) adapter_laws(text, base, format);
  nn::Parameters empty, out;
  CHECK_THROWS_AS(build<Adapter>(text)->declare(out, "adapter", empty, Stream(1)),
                  std::runtime_error);
}

}  // namespace assay::testing
