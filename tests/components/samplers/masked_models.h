#pragma once

#include <cmath>

#include "tests/contracts/sampler_contract.h"

namespace assay::testing {

// Each position has these probabilities of its classes, whatever the others hold.
inline TrainedModel independent(const std::vector<std::vector<double>>& probabilities) {
  const int width = static_cast<int>(probabilities.size()),
            classes = static_cast<int>(probabilities[0].size());
  TrainedModel out = random_token_model({true, width, classes + 1, width, classes});
  out.parameters.get("output.weight").value.fill(0.0);
  for (int i = 0; i < width * classes; ++i)
    out.parameters.get("output.bias")
        .value.set(i, std::log(probabilities[static_cast<std::size_t>(i / classes)]
                                            [static_cast<std::size_t>(i % classes)]));
  return out;
}

// Two positions of three classes, of which the second one to be filled takes the third class, token
// 3; the first one takes its most probable, which is token 1 in all that follows.
inline TrainedModel second_is_three(const std::vector<std::vector<double>>& probabilities) {
  TrainedModel out = independent(probabilities);
  nn::Tensor& weight = out.parameters.get("output.weight").value;  // (2 * 3) x (2 * 4)
  for (int token = 1; token < 4; ++token) {
    weight.set(2 * 8 + 4 + token, 20.0);  // class 3 of position 0, where position 1 holds a token
    weight.set(5 * 8 + token, 20.0);
  }
  return out;
}

inline Examples masks(int count, int width) {
  Examples out;
  out.count = count;
  out.tokens.assign(static_cast<std::size_t>(count * width), 0);
  return out;
}

inline std::shared_ptr<const Samples> sampled(const std::string& text, const TrainedModel& m,
                                              const Examples& prompts) {
  return build<Sampler>("{ use = " + text + " }")->sample(m, prompts, Stream(8));
}

inline double calls(const std::string& text, const TrainedModel& m, const Examples& prompts) {
  return sampled(text, m, prompts)->function_evaluations;
}

}  // namespace assay::testing
