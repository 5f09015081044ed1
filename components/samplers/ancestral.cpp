// Draws the next token from softmax(logits / T), again and again, the context sliding along. top_k
// keeps the k most probable tokens (Fan et al. 2018), top_p the smallest set of the most probable
// whose probability reaches p (Holtzman et al. 2020, eq. 2); T = 0 takes the most probable. A model
// that can go on from what it has seen (keys and values, states) does one position's work for each
// token; when the cache is full its oldest keys make place, except for the first `sinks`.
#include <cmath>
#include <numeric>
#include <optional>

#include "components/samplers/sampler.h"

namespace assay::samplers {
namespace {

struct Ancestral final : Sampler {
  static constexpr Info kInfo{"ancestral", 2,
                              "Next-token sampling with temperature, top-k and top-p.",
                              "Holtzman et al. 2020, arXiv:1904.09751, eq. 2", true};
  double temperature = 1.0;
  int top_k = 0;
  double top_p = 1.0;
  int length = 32;
  int cache = 0;
  int sinks = 0;

  static void params(Params<Ancestral>& p) {
    p.add("temperature", &Ancestral::temperature)
        .range(0, 100)
        .doc("T; 0 takes the most probable.");
    p.add("top_k", &Ancestral::top_k).range(0, 1e6).unit("tokens").doc("Kept; 0 keeps all.");
    p.add("top_p", &Ancestral::top_p).above(0).at_most(1).doc("Probability kept.");
    p.add("length", &Ancestral::length).range(1, 1e6).unit("tokens").doc("Drawn for each prompt.");
    p.add("cache", &Ancestral::cache)
        .range(0, 1e7)
        .unit("positions")
        .doc("Kept of keys and values; 0: as many as the model was trained on.")
        .since(2);
    p.add("sinks", &Ancestral::sinks)
        .range(0, 1e6)
        .unit("positions")
        .doc("First positions that stay in a full cache.")
        .source("Xiao et al. 2023, arXiv:2309.17453")
        .since(2);
  }

  std::string check() const override {
    return cache == 0 || sinks < cache ? ""
                                       : "sinks = " + std::to_string(sinks) +
                                             " leaves no place in cache = " + std::to_string(cache);
  }

  int draw(const nn::Tensor& logits, std::int64_t at, int classes, double u) const {
    std::vector<int> order(static_cast<std::size_t>(classes));
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return logits.get(at + a) > logits.get(at + b); });
    if (temperature == 0.0) return order[0];
    if (top_k > 0 && top_k < classes) order.resize(static_cast<std::size_t>(top_k));
    std::vector<double> weights;
    double total = 0.0;
    for (const int c : order) {
      weights.push_back(std::exp((logits.get(at + c) - logits.get(at + order[0])) / temperature));
      total += weights.back();
    }
    double kept = 0.0;
    std::size_t n = 0;
    while (n < weights.size() && kept < top_p * total) kept += weights[n++];
    double left = u * kept;
    for (std::size_t i = 0; i < n; ++i) {
      left -= weights[i];
      if (left < 0) return order[i];
    }
    return order[n - 1];
  }

  // The logits of the next token of each sequence, and the sequences as they grow.
  class Growing {
   public:
    Growing(const TrainedModel& model, const Examples& prompts, int room, int sinks)
        : model_(model),
          pass_(tape_, model.parameters, false, Stream(0)),
          now_(prompts) {
      if (!model.model->incremental()) return;
      cache_.emplace(prompts.count, room > 0 ? room : model.format.width, sinks);
      pass_.set_cache(&*cache_);
    }
    // Valid until the next call.
    const nn::Tensor& logits(std::int64_t& first, std::int64_t& stride) {
      const DataFormat& format = model_.format;
      pass_.begin(Stream(0));
      const nn::Tensor& out = tape_.value(model_.model->forward(pass_, format, now_));
      const std::int64_t columns = out.shape().back();
      first = columns - format.classes;  // those of the last position
      stride = columns;
      if (cache_) cache_->advance(static_cast<int>(now_.tokens.size()) / now_.count);
      return out;
    }
    void push(std::span<const int> next) {
      if (cache_) {
        now_.tokens.assign(next.begin(), next.end());
        return;
      }
      const auto width = static_cast<std::size_t>(model_.format.width);
      for (std::size_t i = 0; i < next.size(); ++i) {
        const auto row = now_.tokens.begin() + static_cast<std::ptrdiff_t>(i * width);
        std::rotate(row, row + 1, row + static_cast<std::ptrdiff_t>(width));
        row[static_cast<std::ptrdiff_t>(width) - 1] = next[i];
      }
    }

   private:
    const TrainedModel& model_;
    nn::Tape tape_;
    nn::Forward pass_;
    std::optional<nn::KeyValueCache> cache_;
    Examples now_;
  };

  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream stream) const override {
    const DataFormat& format = model.format;
    const bool next = format.positions == 1 || format.positions == format.width;
    if (!format.tokens || !next || format.classes != format.vocabulary)
      throw std::runtime_error("ancestral needs a model of the next token");
    auto out = std::make_shared<Samples>();
    out->count = prompts.count;
    out->width = length;
    out->prompts = prompts.tokens;
    out->function_evaluations = length;
    const auto count = static_cast<std::size_t>(prompts.count),
               width = static_cast<std::size_t>(length);
    out->tokens.resize(count * width);
    if (count == 0) return out;
    Growing growing(model, prompts, cache, sinks);
    std::vector<int> tokens(count);
    for (std::size_t step = 0; step < width; ++step) {
      std::int64_t first = 0, stride = 0;
      const nn::Tensor& logits = growing.logits(first, stride);
      for (std::size_t i = 0; i < count; ++i) {
        tokens[i] = draw(logits, first + static_cast<std::int64_t>(i) * stride, format.classes,
                         stream.uniform());
        out->tokens[i * width + step] = tokens[i];
      }
      growing.push(tokens);
    }
    return out;
  }
};
ASSAY_REGISTER(Sampler, Ancestral);

}  // namespace
}  // namespace assay::samplers
