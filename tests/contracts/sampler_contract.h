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

// The laws of a sampler on a model that suits it.
inline void sampler_laws(const Sampler& sampler, const TrainedModel& model) {
  const int count = 5;
  const Examples prompts = token_prompts(model.format, count);
  const auto first = sampler.sample(model, prompts, Stream(1));
  CHECK(first->count == count);
  REQUIRE(first->tokens.size() == static_cast<std::size_t>(count * first->width));
  CHECK(first->prompts == prompts.tokens);
  for (const auto token : first->tokens) REQUIRE((token >= 0 && token < model.format.vocabulary));
  CHECK(first->function_evaluations > 0);
  const auto second = sampler.sample(model, prompts, Stream(1));
  CHECK(second->tokens == first->tokens);
  CHECK(second->function_evaluations == first->function_evaluations);

  archive_contract(*first);

  const auto none = sampler.sample(model, token_prompts(model.format, 0), Stream(1));
  CHECK(none->count == 0);
  CHECK(none->tokens.empty());
}

// A sampler serves masked models, next-token models or both, and refuses what it does not serve.
inline void sampler_contract(const std::string& text) {
  CAPTURE(text);
  const auto sampler = build<Sampler>(text);
  config_contract(*sampler);
  const DataFormat formats[] = {{true, 6, 4, 6, 3}, {true, 6, 4, 1, 4}};
  int served = 0;
  for (const DataFormat& format : formats) {
    const TrainedModel model = random_token_model(format);
    bool serves = true;
    try {
      sampler->sample(model, token_prompts(format, 1), Stream(1));
    } catch (const std::runtime_error&) {
      serves = false;
    }
    if (!serves) continue;
    ++served;
    sampler_laws(*sampler, model);
  }
  CHECK(served > 0);
  const TrainedModel numbers = random_token_model({false, 6, 0, 1, 4});
  CHECK_THROWS_AS(sampler->sample(numbers, Examples{}, Stream(1)), std::runtime_error);
}

}  // namespace assay::testing
