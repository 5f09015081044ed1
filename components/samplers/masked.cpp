#include "components/samplers/masked.h"

#include <algorithm>
#include <cmath>

namespace assay::samplers {

namespace {

// The token that logits / T with Gumbel noise make largest, which is a draw from their softmax; in
// double, since in float the noise has too few values and improbable tokens never win (Zheng et al.
// 2024, arXiv:2409.02908).
int drawn(std::span<const double> logits, double temperature, Stream& stream) {
  int best = 0;
  double most = 0.0;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    const double value = logits[c] / temperature + stream.gumbel();
    if (c == 0 || value > most) {
      most = value;
      best = static_cast<int>(c);
    }
  }
  return best;
}

Guess guess_at(int position, std::span<const double> logits, double temperature, Stream& stream) {
  std::size_t best = 0;
  for (std::size_t c = 1; c < logits.size(); ++c)
    if (logits[c] > logits[best]) best = c;
  double total = 0.0, mean = 0.0, second = 0.0;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    const double below = logits[c] - logits[best], weight = std::exp(below);
    total += weight;
    if (weight > 0) mean += weight * below;
    if (c != best) second = std::max(second, weight);
  }
  const std::size_t token =
      temperature == 0.0 ? best : static_cast<std::size_t>(drawn(logits, temperature, stream));
  const double weight = token == best ? 1.0 : std::exp(logits[token] - logits[best]);
  return {position, static_cast<int>(token) + 1, weight / total, (1.0 - second) / total,
          std::log(total) - mean / total};
}

}  // namespace

int MaskedRow::masked() const {
  return static_cast<int>(std::count(tokens.begin(), tokens.end(), 0));
}

void MaskedRow::fill(const Guess& guess) {
  tokens[static_cast<std::size_t>(guess.position)] = guess.token;
  decided[static_cast<std::size_t>(guess.position)] = guess.confidence;
}

std::shared_ptr<const Samples> MaskedSampler::sample(const TrainedModel& model,
                                                     const Examples& prompts, Stream stream) const {
  const DataFormat& format = model.format;
  if (!format.tokens || format.positions != format.width || format.classes >= format.vocabulary)
    throw std::runtime_error(spec().name + " needs a model that predicts every position");
  auto out = std::make_shared<Samples>();
  out->count = prompts.count;
  out->width = format.width;
  out->prompts = prompts.tokens;
  Examples now = prompts;
  const auto width = static_cast<std::size_t>(format.width),
             classes = static_cast<std::size_t>(format.classes);
  std::vector<MaskedRow> rows;
  for (std::size_t i = 0; i < static_cast<std::size_t>(prompts.count); ++i) {
    rows.push_back(
        {std::span(now.tokens).subspan(i * width, width), 0, 0, std::vector<double>(width, -1.0)});
    rows.back().begun = rows.back().masked();
  }
  double calls = 0.0;
  while (true) {
    std::vector<int> open;
    for (int i = 0; i < now.count; ++i)
      if (rows[static_cast<std::size_t>(i)].masked() > 0) open.push_back(i);
    if (open.empty()) break;
    const nn::Tensor outputs = model.outputs(now.select(open, format));
    calls += static_cast<double>(open.size());
    std::vector<double> logits(width * classes);
    for (std::size_t i = 0; i < open.size(); ++i) {
      MaskedRow& row = rows[static_cast<std::size_t>(open[i])];
      for (std::size_t j = 0; j < logits.size(); ++j)
        logits[j] = outputs.get(static_cast<std::int64_t>(i * logits.size() + j));
      std::vector<Guess> guesses;
      for (std::size_t j = 0; j < width; ++j)
        if (row.tokens[j] == 0)
          guesses.push_back(guess_at(static_cast<int>(j),
                                     std::span(logits).subspan(j * classes, classes), temperature,
                                     stream));
      ++row.calls;
      advance(row, std::move(guesses), stream);
    }
  }
  out->tokens = now.tokens;
  out->function_evaluations = prompts.count ? calls / prompts.count : 0.0;
  return out;
}

void sort_by(Order order, std::vector<Guess>& guesses, Stream& stream) {
  std::vector<std::pair<double, Guess>> ranked;
  for (const Guess& guess : guesses) {
    const double rank = order == Order::kRandom       ? stream.uniform()
                        : order == Order::kConfidence ? guess.confidence
                        : order == Order::kMargin     ? guess.margin
                                                      : -guess.entropy;
    ranked.emplace_back(rank, guess);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::transform(ranked.begin(), ranked.end(), guesses.begin(),
                 [](const auto& one) { return one.second; });
}

int Pace::now(int begun, int calls, int masked) const {
  if (schedule == Schedule::kFixed) return std::min(per_step, masked);
  const int done = std::min(calls, steps);
  int left = 0;
  if (schedule == Schedule::kLinear)
    left = static_cast<int>(std::int64_t{begun} * (steps - done) / steps);
  else if (done < steps)
    left = static_cast<int>(std::floor(begun * std::cos(std::acos(0.0) * done / steps)));
  return std::clamp(masked - left, 1, masked);
}

}  // namespace assay::samplers
