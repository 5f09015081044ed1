// Mean of -log p(next token) of text that is read token by token through a key-value cache of
// bounded size, in nats, and in bits: what an eviction policy costs a model. Examples that follow
// one another in the text may be read on as one sequence; each sequence begins with an empty cache.
// Names of what it measures end with the size of the cache, where that is given.
#include <cmath>

#include "components/metrics/sequences.h"

namespace assay::metrics {
namespace {

struct CachedNll final : Metric {
  static constexpr Info kInfo{"cached-nll", 1,
                              "Mean negative log-likelihood of text read through a bounded cache.",
                              "Xiao et al. 2023, arXiv:2309.17453, section 4.1 (as a measure)"};
  static constexpr std::string_view kBetter = "lower";
  int cache = 0;
  int joined = 1;
  Slot<Eviction> eviction{"sink-window"};

  static void params(Params<CachedNll>& p) {
    p.add("cache", &CachedNll::cache)
        .range(0, 1e7)
        .unit("positions")
        .doc("Kept of keys and values; 0: as many as the model was trained on.");
    p.add("joined", &CachedNll::joined)
        .range(1, 1e6)
        .unit("examples")
        .doc("Read on as one sequence; what is left over at the end does not count.");
    p.add("eviction", &CachedNll::eviction).doc("Which entries of a full cache make place.");
  }
  std::string check() const override {
    const std::string wrong = cache > 0 ? eviction->check_capacity(cache) : "";
    return wrong.empty() ? "" : "eviction: " + wrong;
  }
  std::string_view needs() const override { return "model data"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    require_text(e);
    const auto sequences = static_cast<std::size_t>(e.examples().count / joined);
    double total = 0.0, labels = 0.0;
    for (std::size_t first = 0; first < sequences; first += kTogether)
      read(e, first, std::min(kTogether, sequences - first), total, labels);
    if (labels == 0)
      throw std::runtime_error("cached-nll: the " + e.split + " split has no labels of " +
                               std::to_string(joined) + " joined examples");
    const std::string size = cache > 0 ? "-" + std::to_string(cache) : "";
    sink("cached-nll" + size, total / labels);
    sink("cached-nll-bits" + size, total / labels / std::log(2.0));
  }

 private:
  void require_text(const Evaluation& e) const {
    const DataFormat& format = e.model->format;
    samplers::require_next_token(format, kInfo.name);
    if (!e.model->model->incremental())
      throw std::runtime_error("cached-nll: the model \"" + e.model->model->spec().name +
                               "\" cannot go on from a cache");
    if (format.positions != format.width || e.data->format.positions != format.width ||
        e.data->format.classes != format.classes)
      throw std::runtime_error("cached-nll needs data with a label at each position, as the model");
    const Examples& text = e.examples();
    const auto width = static_cast<std::size_t>(format.width);
    for (int i = 1; i < text.count; ++i) {
      const std::size_t begin = static_cast<std::size_t>(i) * width;
      if (i % joined != 0 && text.labels[begin - 1] != text.tokens[begin])
        throw std::runtime_error("cached-nll: example " + std::to_string(i + 1) +
                                 " does not go on where the one before ends; joined examples "
                                 "need windows that follow one another");
    }
  }

  // Adds the losses of `count` sequences, which read their text side by side.
  void read(const Evaluation& e, std::size_t first, std::size_t count, double& total,
            double& labels) const {
    const Examples& text = e.examples();
    const std::size_t length =
        static_cast<std::size_t>(joined) * static_cast<std::size_t>(e.model->format.width);
    const auto classes = static_cast<std::size_t>(e.model->format.classes);
    const auto at = [&](std::size_t i, std::size_t t) { return (first + i) * length + t; };
    std::vector<std::int32_t> now(count);
    const auto tokens = [&](std::size_t t) -> std::vector<std::int32_t>& {
      for (std::size_t i = 0; i < count; ++i) now[i] = text.tokens[at(i, t)];
      return now;
    };
    Examples begin;
    begin.count = static_cast<int>(count);
    begin.tokens = tokens(0);
    samplers::GrowingContext context(*e.model, begin, cache, &*eviction,
                                     Stream(0, first, "", "cached-nll"));
    for (std::size_t t = 0; t < length; ++t) {
      if (t > 0) context.push(tokens(t));
      const std::span<const double> logits = context.logits();
      for (std::size_t i = 0; i < count; ++i) {
        const int label = text.labels[at(i, t)];
        if (label < 0) continue;
        total -= log_probability(logits.subspan(i * classes, classes), label);
        ++labels;
      }
    }
  }
};
ASSAY_REGISTER(Metric, CachedNll);

}  // namespace
}  // namespace assay::metrics
