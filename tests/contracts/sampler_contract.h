#pragma once

#include "components/samplers/sampler.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// A random linear model of a format, small enough that nothing is certain.
inline TrainedModel random_token_model(const DataFormat& format) {
  TrainedModel out;
  out.model = build<Model>("\"linear\"");
  out.format = format;
  out.model->declare(out.parameters, format, Stream(21));
  return out;
}

inline Examples token_prompts(const DataFormat& format, int count) {
  Examples out;
  out.count = count;
  Stream stream(22);
  for (int i = 0; i < count * format.width; ++i)
    out.tokens.push_back(
        static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(format.vocabulary))));
  return out;
}

// A model from noise to numbers of 6 features and 3 classes that says something of every point.
inline TrainedModel random_flow_model(const std::string& options = "") {
  TrainedModel out;
  out.model =
      build<Model>("{ use = \"flow-mlp\", width = 6, hidden = 5, blocks = 1" + options + " }");
  out.format = {false, 6, 0, 1, 3};
  nn::Parameters zeros;
  out.model->declare(zeros, out.format, Stream(21));
  out.parameters = jittered(zeros).to(nn::Dtype::kFloat32);
  return out;
}

inline Examples label_prompts(const DataFormat& format, int count) {
  Examples out;
  out.count = count;
  for (int i = 0; i < count; ++i) out.labels.push_back(i % format.classes);
  return out;
}

// The laws of a sampler on a model that suits it.
inline void sampler_laws(const Sampler& sampler, const TrainedModel& model,
                         const std::function<Examples(int count)>& prompts) {
  const int count = 5;
  const auto first = sampler.sample(model, prompts(count), Stream(1));
  CHECK(first->count == count);
  const auto numbers = static_cast<std::size_t>(count * first->width);
  if (model.format.tokens) {
    REQUIRE(first->tokens.size() == numbers);
    CHECK(first->prompts == prompts(count).tokens);
    for (const auto token : first->tokens) REQUIRE((token >= 0 && token < model.format.vocabulary));
  } else {
    CHECK(first->width == model.format.width);
    REQUIRE(first->values.shape() == nn::Shape{count, first->width});
    for (std::size_t i = 0; i < numbers; ++i)
      REQUIRE(std::isfinite(first->values.get(static_cast<std::int64_t>(i))));
  }
  CHECK(first->function_evaluations > 0);
  CHECK(archive_of(*sampler.sample(model, prompts(count), Stream(1))) == archive_of(*first));

  archive_contract(*first);

  const auto none = sampler.sample(model, prompts(0), Stream(1));
  CHECK(none->count == 0);
  CHECK(none->tokens.empty());
  CHECK(none->values.count() == 0);
}

// A sampler serves some of masked models, next-token models and models of a flow, and refuses the
// others, and classifiers of numbers, by std::runtime_error.
inline void sampler_contract(const std::string& text) {
  CAPTURE(text);
  const auto sampler = build<Sampler>(text);
  config_contract(*sampler);
  int served = 0;
  const auto check = [&](const TrainedModel& model, const auto& prompts) {
    const auto of_model = [&](int count) { return prompts(model.format, count); };
    try {
      sampler->sample(model, of_model(1), Stream(1));
    } catch (const std::runtime_error&) {
      return;
    }
    ++served;
    sampler_laws(*sampler, model, of_model);
  };
  for (const DataFormat& format : {DataFormat{true, 6, 4, 6, 3}, DataFormat{true, 6, 4, 1, 4}})
    check(random_token_model(format), token_prompts);
  for (const char* options :
       {"", ", schedule = \"cosine\", predicts = \"noise\"",
        ", schedule = \"linear-beta\", predicts = \"data\"", ", conditional = true"})
    check(random_flow_model(options), label_prompts);
  CHECK(served > 0);
  const TrainedModel numbers = random_token_model({false, 6, 0, 1, 4});
  CHECK_THROWS_AS(sampler->sample(numbers, Examples{}, Stream(1)), std::runtime_error);
}

}  // namespace assay::testing
