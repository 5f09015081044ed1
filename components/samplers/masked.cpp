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

// A guess for each mask of a row, of whose outputs the first is at `first`.
std::vector<Guess> guesses_of(const MaskedRow& row, const nn::Tensor& outputs, std::int64_t first,
                              int classes, double temperature, Stream& stream) {
  std::vector<Guess> out;
  std::vector<double> logits(static_cast<std::size_t>(classes));
  for (std::size_t j = 0; j < row.tokens.size(); ++j) {
    if (row.tokens[j] != 0) continue;
    const std::int64_t at = first + static_cast<std::int64_t>(j) * classes;
    for (int c = 0; c < classes; ++c) logits[static_cast<std::size_t>(c)] = outputs.get(at + c);
    out.push_back(guess_at(static_cast<int>(j), logits, temperature, stream));
  }
  return out;
}

std::vector<MaskedRow> rows_of(Examples& examples, std::size_t width) {
  std::vector<MaskedRow> out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(examples.count); ++i) {
    out.push_back({std::span(examples.tokens).subspan(i * width, width), 0, 0,
                   std::vector<double>(width, -1.0)});
    out.back().begun = out.back().masked();
  }
  return out;
}

std::vector<int> with_masks(const std::vector<MaskedRow>& rows) {
  std::vector<int> out;
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (rows[i].masked() > 0) out.push_back(static_cast<int>(i));
  return out;
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
  std::vector<MaskedRow> rows = rows_of(now, static_cast<std::size_t>(format.width));
  double calls = 0.0;
  for (auto open = with_masks(rows); !open.empty(); open = with_masks(rows)) {
    const nn::Tensor outputs = model.outputs(now.select(open, format));
    calls += static_cast<double>(open.size());
    for (std::size_t i = 0; i < open.size(); ++i) {
      MaskedRow& row = rows[static_cast<std::size_t>(open[i])];
      ++row.calls;
      advance(row,
              guesses_of(row, outputs, static_cast<std::int64_t>(i) * outputs.shape().back(),
                         format.classes, temperature, stream),
              stream);
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
