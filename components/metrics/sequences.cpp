#include "components/metrics/sequences.h"

#include <algorithm>
#include <cmath>

namespace assay::metrics {

void require_tokens_of(const TrainedModel& model, const Samples& samples, std::string_view metric) {
  const std::string who(metric);
  if (!samples.values.empty() || samples.count == 0 || samples.width == 0)
    throw std::runtime_error(who + " needs samples of tokens");
  const auto most = static_cast<std::int32_t>(model.format.vocabulary);
  const auto outside = [&](std::int32_t token) { return token < 0 || token >= most; };
  const auto numbers =
      static_cast<std::size_t>(samples.count) * static_cast<std::size_t>(model.format.width);
  if (!model.format.tokens || samples.prompts.size() != numbers ||
      std::any_of(samples.tokens.begin(), samples.tokens.end(), outside) ||
      std::any_of(samples.prompts.begin(), samples.prompts.end(), outside))
    throw std::runtime_error(who + ": the samples are not tokens that this model reads");
}

double log_probability(std::span<const double> logits, int token) {
  const double top = *std::max_element(logits.begin(), logits.end());
  double total = 0.0;
  for (const double logit : logits) total += std::exp(logit - top);
  return logits[static_cast<std::size_t>(token)] - top - std::log(total);
}

std::vector<double> log_likelihoods(const TrainedModel& model,
                                    std::span<const std::int32_t> prompts,
                                    std::span<const std::int32_t> tokens, int width) {
  const auto length = static_cast<std::size_t>(width),
             before = static_cast<std::size_t>(model.format.width),
             classes = static_cast<std::size_t>(model.format.classes);
  std::vector<double> out(tokens.size() / length);
  for (std::size_t first = 0; first < out.size(); first += kTogether) {
    Examples some;
    const std::size_t count = std::min(kTogether, out.size() - first);
    const auto seen = prompts.subspan(first * before, count * before);
    some.count = static_cast<int>(count);
    some.tokens.assign(seen.begin(), seen.end());
    samplers::GrowingContext context(model, some, 0);
    std::vector<int> next(count);
    for (std::size_t step = 0; step < length; ++step) {
      const std::span<const double> logits = context.logits();
      for (std::size_t i = 0; i < count; ++i) {
        next[i] = tokens[(first + i) * length + step];
        out[first + i] += log_probability(logits.subspan(i * classes, classes), next[i]);
      }
      context.push(next);
    }
  }
  return out;
}

}  // namespace assay::metrics
