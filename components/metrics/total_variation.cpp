// Total variation distance, half the sum of |share - p|, between the samples and the distribution
// that the model stands for, over all sequences; the mean over prompts where there are several.
// p is that of drawing token by token, left to right, from a model of the next token; from a masked
// model that of filling one position at a time, each of those left being as likely to be next, by a
// draw from its softmax (Uria et al. 2014, arXiv:1310.1757). It takes enumerable spaces
// alone: a million sequences, or partly filled ones, of all prompts together.
// n samples of the distribution itself are not at 0 but on average at total-variation-floor, half
// the sum of the mean absolute deviations of their shares (de Moivre's formula for the binomial).
#include <cmath>
#include <map>

#include "components/metrics/sequences.h"

namespace assay::metrics {
namespace {

using Tokens = std::vector<std::int32_t>;
using Distribution = std::map<Tokens, double>;

constexpr double kMost = 1e6;

// E |X / n - p| for X binomial: 2 (1 - p)^(n - m) p^(m + 1) (m + 1) C(n, m + 1) / n, m = floor(n
// p).
double mean_deviation(double p, double n) {
  if (p <= 0.0 || p >= 1.0) return 0.0;
  const double m = std::floor(n * p);
  double logarithm = (n - m) * std::log1p(-p) + (m + 1.0) * std::log(p) + std::log(m + 1.0);
  for (double i = 1.0; i <= m + 1.0; ++i) logarithm += std::log((n - i + 1.0) / i);
  return 2.0 * std::exp(logarithm) / n;
}

Distribution next_token_distribution(const TrainedModel& model, const Tokens& prompt, int width) {
  std::vector<Tokens> all = {{}};
  for (int i = 0; i < width; ++i) {
    std::vector<Tokens> longer;
    for (const Tokens& start : all)
      for (int c = 0; c < model.format.classes; ++c) {
        longer.push_back(start);
        longer.back().push_back(c);
      }
    all = std::move(longer);
  }
  Tokens prompts, tokens;
  for (const Tokens& one : all) {
    prompts.insert(prompts.end(), prompt.begin(), prompt.end());
    tokens.insert(tokens.end(), one.begin(), one.end());
  }
  const std::vector<double> log_p = log_likelihoods(model, prompts, tokens, width);
  Distribution out;
  for (std::size_t i = 0; i < all.size(); ++i) out[all[i]] = std::exp(log_p[i]);
  return out;
}

// What filling one more position at random makes of a state of some probability.
void spread(const Tokens& state, double probability, const nn::Tensor& logits, int row, int classes,
            Distribution& out) {
  const auto masks = static_cast<double>(std::count(state.begin(), state.end(), 0));
  for (std::size_t j = 0; j < state.size(); ++j) {
    if (state[j] != 0) continue;
    const int first = static_cast<int>(j) * classes;
    double top = logits.at(row, first), total = 0.0;
    for (int c = 1; c < classes; ++c) top = std::max(top, logits.at(row, first + c));
    for (int c = 0; c < classes; ++c) total += std::exp(logits.at(row, first + c) - top);
    Tokens next = state;
    for (int c = 0; c < classes; ++c) {
      next[j] = c + 1;
      out[next] += probability / masks * std::exp(logits.at(row, first + c) - top) / total;
    }
  }
}

// State by state: each has as many masks as the others at the same time.
Distribution masked_distribution(const TrainedModel& model, const Tokens& prompt) {
  Distribution now = {{prompt, 1.0}};
  for (auto left = std::count(prompt.begin(), prompt.end(), 0); left > 0; --left) {
    Examples states;
    states.count = static_cast<int>(now.size());
    for (const auto& [state, p] : now)
      states.tokens.insert(states.tokens.end(), state.begin(), state.end());
    const nn::Tensor logits = model.outputs(states);
    Distribution next;
    int row = 0;
    for (const auto& [state, p] : now) spread(state, p, logits, row++, model.format.classes, next);
    now = std::move(next);
  }
  return now;
}

struct TotalVariation final : Metric {
  static constexpr Info kInfo{"total-variation", 1,
                              "Distance of samples from the model's exact distribution.",
                              "Levin et al. 2009 (Markov Chains and Mixing Times), section 4.1"};
  static constexpr std::string_view kBetter = "lower";
  std::string_view needs() const override { return "model samples"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    const Samples& s = *e.samples;
    const TrainedModel& model = *e.model;
    require_tokens_of(model, s, kInfo.name);
    const DataFormat& format = model.format;
    const bool masked = format.positions == format.width && format.classes < format.vocabulary;
    if (masked ? s.width != format.width : format.classes != format.vocabulary)
      throw std::runtime_error("total-variation needs a model of the next token or a masked one");
    const auto groups = by_prompt(s, format.width);
    require_enumerable(groups, format, masked ? 0 : s.width);
    double distance = 0.0, floor = 0.0;
    for (const auto& [prompt, group] : groups) {
      const Distribution exact = masked ? masked_distribution(model, prompt)
                                        : next_token_distribution(model, prompt, s.width);
      const double n = group.count, share = n / s.count;
      for (const auto& [tokens, p] : exact) {
        const auto found = group.seen.find(tokens);
        distance += share * std::abs((found == group.seen.end() ? 0.0 : found->second / n) - p) / 2;
        floor += share * mean_deviation(p, group.count) / 2;
      }
      for (const auto& [tokens, count] : group.seen)  // those that change what was given
        if (!exact.contains(tokens)) distance += share * count / n / 2;
    }
    sink("total-variation", distance);
    sink("total-variation-floor", floor);
  }

 private:
  struct Group {
    double count = 0.0;
    Distribution seen;  // how often
  };
  static std::map<Tokens, Group> by_prompt(const Samples& s, int prompt_width) {
    std::map<Tokens, Group> out;
    for (int i = 0; i < s.count; ++i) {
      const auto prompt = s.prompts.begin() + std::ptrdiff_t{i} * prompt_width;
      const auto row = s.tokens.begin() + std::ptrdiff_t{i} * s.width;
      Group& group = out[Tokens(prompt, prompt + prompt_width)];
      group.count += 1.0;
      group.seen[Tokens(row, row + s.width)] += 1.0;
    }
    return out;
  }
  // width: of what continues a prompt; 0 where masks are filled.
  static void require_enumerable(const std::map<Tokens, Group>& groups, const DataFormat& format,
                                 int width) {
    double all = 0.0;
    for (const auto& [prompt, group] : groups)
      all += width > 0 ? std::pow(format.classes, width)
                       : std::pow(format.classes + 1,
                                  static_cast<double>(std::count(prompt.begin(), prompt.end(), 0)));
    if (all > kMost)
      throw std::runtime_error(
          "total-variation: " + number_text(all) +
          " sequences after all prompts are too many to enumerate; it takes a million");
  }
};
ASSAY_REGISTER(Metric, TotalVariation);

}  // namespace
}  // namespace assay::metrics
