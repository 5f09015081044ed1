// Fills masked positions (token 0) step by step: at each step the model sees the tokens so far, and
// `per_step` positions take the most probable token: at random positions, or where the model is
// most confident (largest top probability), as in MaskGIT (Chang et al. 2022, section 3.2) and
// LLaDA.
#include <cmath>

#include "components/samplers/sampler.h"

namespace assay::samplers {
namespace {

struct Unmask final : Sampler {
  enum class Order { kRandom, kConfidence };
  static constexpr Info kInfo{"unmask", 1, "Fills masked tokens in random or most-confident order.",
                              "Chang et al. 2022, arXiv:2202.04200, section 3.2", true};
  Order order = Order::kConfidence;
  int per_step = 1;

  static void params(Params<Unmask>& p) {
    p.add("order", &Unmask::order, {"random", "confidence"}).doc("Which positions come first.");
    p.add("per_step", &Unmask::per_step)
        .range(1, 65536)
        .unit("tokens")
        .doc("Filled after each call of the model.");
  }

  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream stream) const override {
    const DataFormat& format = model.format;
    if (!format.tokens || format.positions != format.width)
      throw std::runtime_error("unmask needs a model that predicts every position");
    auto out = std::make_shared<Samples>();
    out->count = prompts.count;
    out->width = format.width;
    out->prompts = prompts.tokens;
    Examples now = prompts;
    const auto width = static_cast<std::size_t>(format.width);
    double calls = 0.0;
    while (true) {
      std::vector<int> open;
      for (int i = 0; i < now.count; ++i) {
        const auto row =
            now.tokens.begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(i) * width);
        if (std::find(row, row + format.width, 0) != row + format.width) open.push_back(i);
      }
      if (open.empty()) break;
      const nn::Tensor logits = model.outputs(now.select(open, format));
      calls += static_cast<double>(open.size());
      for (std::size_t i = 0; i < open.size(); ++i)
        fill(now, static_cast<std::size_t>(open[i]) * width, logits,
             static_cast<std::int64_t>(i) * logits.shape().back(), format, stream);
    }
    out->tokens = now.tokens;
    out->function_evaluations = prompts.count ? calls / prompts.count : 0.0;
    return out;
  }

  void fill(Examples& now, std::size_t row, const nn::Tensor& logits, std::int64_t at,
            const DataFormat& format, Stream& stream) const {
    struct Choice {
      double rank;
      std::size_t position;
      int token;
    };
    std::vector<Choice> choices;
    for (int j = 0; j < format.width; ++j) {
      const std::size_t position = row + static_cast<std::size_t>(j);
      if (now.tokens[position] != 0) continue;
      int best = 0;
      double total = 0.0;
      const std::int64_t first = at + std::int64_t{j} * format.classes;
      for (int c = 1; c < format.classes; ++c)
        if (logits.get(first + c) > logits.get(first + best)) best = c;
      for (int c = 0; c < format.classes; ++c)
        total += std::exp(logits.get(first + c) - logits.get(first + best));
      choices.push_back(
          {order == Order::kRandom ? stream.uniform() : 1.0 / total, position, best + 1});
    }
    std::stable_sort(choices.begin(), choices.end(),
                     [](const Choice& a, const Choice& b) { return a.rank > b.rank; });
    for (std::size_t i = 0; i < std::min(choices.size(), static_cast<std::size_t>(per_step)); ++i)
      now.tokens[choices[i].position] = choices[i].token;
  }
};
ASSAY_REGISTER(Sampler, Unmask);

}  // namespace
}  // namespace assay::samplers
