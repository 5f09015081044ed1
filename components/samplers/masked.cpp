#include "components/samplers/masked.h"

#include <algorithm>
#include <cmath>

namespace assay::samplers {

namespace {

// The token that logits / T with Gumbel noise make largest, which is a draw from their softmax
// where the noise is exact: of few bits its tails are cut off, and samples vary less than the model
// says (Zheng et al. 2024, arXiv:2409.02908).
int drawn(std::span<const double> logits, double temperature, Noise noise, Stream& stream) {
  int best = 0;
  double most = 0.0;
  for (std::size_t c = 0; c < logits.size(); ++c) {
    const double value = logits[c] / temperature + gumbel(noise, stream);
    if (c == 0 || value > most) {
      most = value;
      best = static_cast<int>(c);
    }
  }
  return best;
}

Guess guess_at(int position, std::span<const double> logits, double temperature, Noise noise,
               Stream& stream) {
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
      temperature == 0.0 ? best
                         : static_cast<std::size_t>(drawn(logits, temperature, noise, stream));
  const double weight = token == best ? 1.0 : std::exp(logits[token] - logits[best]);
  return {position, static_cast<int>(token) + 1, weight / total, (1.0 - second) / total,
          std::log(total) - mean / total};
}

// A guess for each mask of a row, of whose outputs the first is at `first`.
std::vector<Guess> guesses_of(const MaskedRow& row, const nn::Tensor& outputs, std::int64_t first,
                              int classes, double temperature, Noise noise, Stream& stream) {
  std::vector<Guess> out;
  std::vector<double> logits(static_cast<std::size_t>(classes));
  for (std::size_t j = 0; j < row.tokens.size(); ++j) {
    if (row.tokens[j] != 0) continue;
    const std::int64_t at = first + static_cast<std::int64_t>(j) * classes;
    for (int c = 0; c < classes; ++c) logits[static_cast<std::size_t>(c)] = outputs.get(at + c);
    out.push_back(guess_at(static_cast<int>(j), logits, temperature, noise, stream));
  }
  return out;
}

std::vector<MaskedRow> rows_of(Examples& examples, std::size_t width) {
  std::vector<MaskedRow> out;
  for (std::size_t i = 0; i < static_cast<std::size_t>(examples.count); ++i) {
    out.push_back({std::span(examples.tokens).subspan(i * width, width), 0, 0,
                   std::vector<double>(width, -1.0), std::vector<std::int32_t>(width)});
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

// Logits of rows on their way, by what was given to them where a scale says so. `prompts` are all
// rows as they began, `open` those asked for.
nn::Tensor guided(const TrainedModel& model, const Examples& now, const Examples& prompts,
                  std::span<const int> open, double scale) {
  Examples seen = now.select(open, model.format);
  nn::Tensor out = model.outputs(seen);
  if (scale == 0.0) return out;
  const Examples given = prompts.select(open, model.format);
  for (std::size_t i = 0; i < seen.tokens.size(); ++i)
    if (given.tokens[i] != 0) seen.tokens[i] = 0;
  const nn::Tensor without = model.outputs(seen);
  for (std::int64_t i = 0; i < out.count(); ++i)
    out.set(i, without.get(i) + (scale + 1.0) * (out.get(i) - without.get(i)));
  return out;
}

}  // namespace

double gumbel(Noise noise, Stream& stream) {
  if (noise == Noise::kDouble) return stream.gumbel();
  const double values = noise == Noise::kFloat ? 0x1p24 : 0x1p11;
  return -std::log(-std::log(std::floor(stream.uniform() * values) / values));
}

int MaskedRow::masked() const {
  return static_cast<int>(std::count(tokens.begin(), tokens.end(), 0));
}

void MaskedRow::fill(const Guess& guess) {
  tokens[static_cast<std::size_t>(guess.position)] = guess.token;
  decided[static_cast<std::size_t>(guess.position)] = guess.confidence;
  filled[static_cast<std::size_t>(guess.position)] = calls;
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
    const nn::Tensor outputs = guided(model, now, prompts, open, cfg_scale);
    calls += static_cast<double>(open.size()) * (cfg_scale > 0.0 ? 2.0 : 1.0);
    for (std::size_t i = 0; i < open.size(); ++i) {
      MaskedRow& row = rows[static_cast<std::size_t>(open[i])];
      ++row.calls;
      advance(row,
              guesses_of(row, outputs, static_cast<std::int64_t>(i) * outputs.shape().back(),
                         format.classes, temperature, noise, stream),
              stream);
    }
  }
  out->tokens = now.tokens;
  for (const MaskedRow& row : rows)
    out->filled.insert(out->filled.end(), row.filled.begin(), row.filled.end());
  out->function_evaluations = prompts.count ? calls / prompts.count : 0.0;
  return out;
}

void sort_by(Order order, double temperature, std::vector<Guess>& guesses, Stream& stream) {
  std::vector<std::pair<double, Guess>> ranked;
  for (const Guess& guess : guesses) {
    const double score = order == Order::kRandom       ? stream.uniform()
                         : order == Order::kConfidence ? guess.confidence
                         : order == Order::kMargin     ? guess.margin
                                                       : -guess.entropy;
    // The largest sums with Gumbel noise are draws without replacement.
    const double noise = temperature > 0.0 ? temperature * stream.gumbel() : 0.0;
    ranked.emplace_back(score + noise, guess);
  }
  std::stable_sort(ranked.begin(), ranked.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::transform(ranked.begin(), ranked.end(), guesses.begin(),
                 [](const auto& one) { return one.second; });
}

int Pace::now(int begun, int calls, int masked) const {
  if (schedule == Schedule::kFixed) return std::min(per_step, masked);
  const int done = std::min(calls, steps);
  if (schedule == Schedule::kTimestep) {
    if (done == steps) return masked;
    const double t = 1.0 - (1.0 - eps) * (done - 1) / steps, s = 1.0 - (1.0 - eps) * done / steps;
    return static_cast<int>(masked * (1.0 - s / t) + 1e-9);  // rounding must not lose whole numbers
  }
  int left = 0;
  if (schedule == Schedule::kLinear)
    left = static_cast<int>(std::int64_t{begun} * (steps - done) / steps);
  else if (done < steps)
    left = static_cast<int>(std::floor(begun * std::cos(std::acos(0.0) * done / steps)));
  return std::clamp(masked - left, 1, masked);
}

}  // namespace assay::samplers
