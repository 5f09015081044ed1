#include "components/samplers/next_token.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "runner/registry/registry.h"

namespace assay::samplers {

void Candidates::keep(std::size_t most) {
  if (most >= tokens.size()) return;
  tokens.resize(most);
  weights.resize(most);
}

double Candidates::total() const {
  return std::accumulate(weights.begin(), weights.end(), 0.0);
}

std::size_t Candidates::reaching(double p) const {
  const double enough = p * total();
  double kept = 0.0;
  std::size_t n = 0;
  while (n < weights.size() && kept < enough) kept += weights[n++];
  return n;
}

int Candidates::draw(double u) const {
  double left = u * total();
  for (std::size_t i = 0; i < weights.size(); ++i) {
    left -= weights[i];
    if (left < 0) return tokens[i];
  }
  return tokens.back();
}

Candidates rank(std::span<const double> logits, double temperature) {
  Candidates out;
  out.tokens.resize(logits.size());
  std::iota(out.tokens.begin(), out.tokens.end(), 0);
  const auto logit = [&](int token) { return logits[static_cast<std::size_t>(token)]; };
  std::stable_sort(out.tokens.begin(), out.tokens.end(),
                   [&](int a, int b) { return logit(a) > logit(b); });
  for (const int token : out.tokens)
    out.weights.push_back(std::exp((logit(token) - logit(out.tokens[0])) / temperature));
  return out;
}

int most_probable(std::span<const double> logits) {
  return static_cast<int>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

void require_next_token(const DataFormat& format, std::string_view user) {
  const bool next = format.positions == 1 || format.positions == format.width;
  if (!format.tokens || !next || format.classes != format.vocabulary)
    throw std::runtime_error(std::string(user) + " needs a model of the next token");
}

GrowingContext::GrowingContext(const TrainedModel& model, const Examples& prompts, int room,
                               const Eviction* eviction, const Stream& stream)
    : model_(model),
      pass_(tape_, model.parameters, false, Stream(0)),
      now_(prompts) {
  if (!model.model->incremental()) return;
  cache_.emplace(prompts.count, room > 0 ? room : model.format.width, eviction, stream);
  pass_.set_cache(&*cache_);
}

const std::vector<double>& GrowingContext::logits() {
  const DataFormat& format = model_.format;
  pass_.begin(Stream(0));
  const nn::Tensor& out = tape_.value(model_.model->forward(pass_, format, now_));
  const std::int64_t columns = out.shape().back();
  logits_.clear();
  for (std::int64_t i = 0; i < now_.count; ++i)  // of the last position
    for (std::int64_t c = columns - format.classes; c < columns; ++c)
      logits_.push_back(out.get(i * columns + c));
  if (cache_) cache_->advance(static_cast<int>(now_.tokens.size()) / now_.count);
  return logits_;
}

void GrowingContext::push(std::span<const int> next) {
  if (cache_) {
    now_.tokens.assign(next.begin(), next.end());
    return;
  }
  const auto width = static_cast<std::ptrdiff_t>(model_.format.width);
  for (std::size_t i = 0; i < next.size(); ++i) {
    const auto row = now_.tokens.begin() + static_cast<std::ptrdiff_t>(i) * width;
    std::rotate(row, row + 1, row + width);
    row[width - 1] = next[i];
  }
}

std::string NextTokenSampler::check() const {
  if (eviction && sinks > 0)
    return "sinks = " + std::to_string(sinks) +
           " is for a cache without an eviction; eviction = { use = \"sink-window\", sinks = " +
           std::to_string(sinks) + " } says it too";
  if (cache == 0) return "";
  if (eviction) {
    const std::string wrong = eviction->check_capacity(cache);
    return wrong.empty() ? "" : "eviction: " + wrong;
  }
  return sinks < cache ? ""
                       : "sinks = " + std::to_string(sinks) +
                             " leaves no place in cache = " + std::to_string(cache);
}

namespace {

std::shared_ptr<const Eviction> sink_window(int sinks) {
  Value value;
  value.set("use", Value("sink-window"));
  value.set("sinks", Value(std::int64_t{sinks}));
  return Registry::global().build<Eviction>(value);
}

}  // namespace

std::shared_ptr<const Samples> NextTokenSampler::sample(const TrainedModel& model,
                                                        const Examples& prompts,
                                                        Stream stream) const {
  require_next_token(model.format, spec().name);
  auto out = std::make_shared<Samples>();
  out->count = prompts.count;
  out->width = length;
  out->prompts = prompts.tokens;
  out->function_evaluations = length;
  const auto count = static_cast<std::size_t>(prompts.count),
             width = static_cast<std::size_t>(length),
             classes = static_cast<std::size_t>(model.format.classes);
  out->tokens.resize(count * width);
  if (count == 0) return out;
  const std::shared_ptr<const Eviction> sinking = sinks > 0 ? sink_window(sinks) : nullptr;
  GrowingContext context(model, prompts, cache, eviction ? &*eviction : sinking.get(),
                         stream.fork("eviction"));
  std::vector<int> tokens(count);
  for (std::size_t step = 0; step < width; ++step) {
    const std::span<const double> logits = context.logits();
    for (std::size_t i = 0; i < count; ++i) {
      tokens[i] = choose(logits.subspan(i * classes, classes), stream.uniform());
      out->tokens[i * width + step] = tokens[i];
    }
    context.push(tokens);
  }
  return out;
}

int TruncatingSampler::choose(std::span<const double> logits, double u) const {
  Candidates candidates = rank(logits, temperature);
  truncate(candidates);
  return candidates.draw(u);
}

}  // namespace assay::samplers
