// Draws the next token from softmax(logits / T), again and again, the context sliding along. top_k
// keeps the k most probable tokens (Fan et al. 2018), top_p the smallest set of the most probable
// whose probability reaches p (Holtzman et al. 2020, eq. 2); T = 0 takes the most probable.
#include <cmath>
#include <numeric>

#include "components/samplers/sampler.h"

namespace assay::samplers {
namespace {

struct Ancestral final : Sampler {
  static constexpr Info kInfo{"ancestral", 1,
                              "Next-token sampling with temperature, top-k and top-p.",
                              "Holtzman et al. 2020, arXiv:1904.09751, eq. 2", true};
  double temperature = 1.0;
  int top_k = 0;
  double top_p = 1.0;
  int length = 32;

  static void params(Params<Ancestral>& p) {
    p.add("temperature", &Ancestral::temperature)
        .range(0, 100)
        .doc("T; 0 takes the most probable.");
    p.add("top_k", &Ancestral::top_k).range(0, 1e6).unit("tokens").doc("Kept; 0 keeps all.");
    p.add("top_p", &Ancestral::top_p).above(0).at_most(1).doc("Probability kept.");
    p.add("length", &Ancestral::length).range(1, 1e6).unit("tokens").doc("Drawn for each prompt.");
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

  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream stream) const override {
    const DataFormat& format = model.format;
    if (!format.tokens || format.positions != 1 || format.classes != format.vocabulary)
      throw std::runtime_error("ancestral needs a model of the next token");
    auto out = std::make_shared<Samples>();
    out->count = prompts.count;
    out->width = length;
    out->prompts = prompts.tokens;
    out->tokens.resize(static_cast<std::size_t>(prompts.count) * static_cast<std::size_t>(length));
    Examples now = prompts;
    for (int step = 0; step < length; ++step) {
      const nn::Tensor logits = model.outputs(now);
      for (int i = 0; i < now.count; ++i) {
        const int token =
            draw(logits, std::int64_t{i} * format.classes, format.classes, stream.uniform());
        const auto row = now.tokens.begin() + static_cast<std::ptrdiff_t>(i) * format.width;
        std::rotate(row, row + 1, row + format.width);
        row[format.width - 1] = token;
        out->tokens[static_cast<std::size_t>(i) * static_cast<std::size_t>(length) +
                    static_cast<std::size_t>(step)] = token;
      }
    }
    out->function_evaluations = length;
    return out;
  }
};
ASSAY_REGISTER(Sampler, Ancestral);

}  // namespace
}  // namespace assay::samplers
