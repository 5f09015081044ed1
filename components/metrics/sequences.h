#pragma once

#include "components/metrics/metric.h"
#include "components/samplers/next_token.h"

namespace assay::metrics {

// Throws std::runtime_error naming the metric where the samples are not tokens that continue or
// complete prompts of this model.
void require_tokens_of(const TrainedModel& model, const Samples& samples, std::string_view metric);

inline constexpr std::size_t kTogether = 1024;  // sequences in a cache; bounds its memory
// log softmax(logits)[token].
double log_probability(std::span<const double> logits, int token);
// Of each of n sequences of `width` tokens that continue prompts (n x the model's width): log p of
// all of its tokens under a model of the next token.
std::vector<double> log_likelihoods(const TrainedModel& model,
                                    std::span<const std::int32_t> prompts,
                                    std::span<const std::int32_t> tokens, int width);

}  // namespace assay::metrics
