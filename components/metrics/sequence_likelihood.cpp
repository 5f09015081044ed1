// Mean over the tokens of samples of log p(token | prompt and the tokens before it) under a model
// of the next token, in nats: what the model thinks of text, its own or another's. A model that
// goes on from a cache keeps as many positions as it was trained on; others see the last ones anew.
#include <algorithm>
#include <cmath>

#include "components/metrics/sequences.h"

namespace assay::metrics {
namespace {

struct SequenceLikelihood final : Metric {
  static constexpr Info kInfo{"sequence-likelihood", 1,
                              "Mean log-likelihood of a sampled token under the model."};
  static constexpr std::string_view kBetter = "higher";
  std::string_view needs() const override { return "model samples"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const Samples& s = *e.samples;
    require_tokens_of(*e.model, s, kInfo.name);
    samplers::require_next_token(e.model->format, kInfo.name);
    double total = 0.0;
    for (const double one : log_likelihoods(*e.model, s.prompts, s.tokens, s.width)) total += one;
    sink("sequence-likelihood", total / (static_cast<double>(s.count) * s.width));
  }
};
ASSAY_REGISTER(Metric, SequenceLikelihood);

}  // namespace
}  // namespace assay::metrics
