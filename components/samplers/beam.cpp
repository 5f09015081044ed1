// Beam search (Sutskever et al. 2014, section 3.2): of all that continues the `width` most probable
// sequences so far by one token, the `width` most probable ones go on, and the best at the end is
// the sample. Sequences have one length, so their probabilities are compared as they are. Ties go
// to the better parent, then to the lower token. Each step looks at the last tokens anew, also
// where a model could go on from a cache: a model with states forgets what has slid out of its
// context.
#include <algorithm>
#include <cmath>

#include "components/samplers/next_token.h"

namespace assay::samplers {
namespace {

struct Beam final : Sampler {
  static constexpr Info kInfo{"beam", 1, "Beam search for a probable continuation.",
                              "Sutskever et al. 2014, arXiv:1409.3215, section 3.2"};
  int width = 4;
  int length = 32;

  static void params(Params<Beam>& p) {
    p.add("width", &Beam::width).range(1, 10000).unit("sequences").doc("That go on at each step.");
    p.add("length", &Beam::length).range(1, 1e6).unit("tokens").doc("Added to each prompt.");
  }

  struct Hypothesis {
    double log_probability = 0.0;
    std::vector<std::int32_t> context;  // what the model sees
    std::vector<std::int32_t> tokens;
  };

  std::shared_ptr<const Samples> sample(const TrainedModel& model, const Examples& prompts,
                                        Stream /*stream*/) const override {
    require_next_token(model.format, kInfo.name);
    auto out = std::make_shared<Samples>();
    out->count = prompts.count;
    out->width = length;
    out->prompts = prompts.tokens;
    double calls = 0.0;
    for (int i = 0; i < prompts.count; ++i) {
      const auto from = prompts.tokens.begin() + std::ptrdiff_t{i} * model.format.width;
      const std::vector<std::int32_t> best =
          search(model, {from, from + model.format.width}, calls);
      out->tokens.insert(out->tokens.end(), best.begin(), best.end());
    }
    out->function_evaluations = prompts.count ? calls / prompts.count : 0.0;
    return out;
  }

 private:
  std::vector<std::int32_t> search(const TrainedModel& model, std::vector<std::int32_t> prompt,
                                   double& calls) const {
    std::vector<Hypothesis> alive = {{0.0, std::move(prompt), {}}};
    for (int step = 0; step < length; ++step) {
      calls += static_cast<double>(alive.size());
      alive = extended(model, alive);
    }
    return alive.front().tokens;
  }

  std::vector<Hypothesis> extended(const TrainedModel& model,
                                   const std::vector<Hypothesis>& alive) const {
    const auto classes = static_cast<std::size_t>(model.format.classes);
    const nn::Tensor logits = next_logits(model, alive);
    struct Extension {
      double log_probability;
      std::size_t parent;
      std::int32_t token;
    };
    std::vector<Extension> all;
    for (std::size_t i = 0; i < alive.size(); ++i) {
      const auto end = static_cast<std::int64_t>(i + 1) * logits.shape().back();
      std::vector<double> row;
      for (std::int64_t c = end - model.format.classes; c < end; ++c) row.push_back(logits.get(c));
      const double top = *std::max_element(row.begin(), row.end());
      double total = 0.0;
      for (const double logit : row) total += std::exp(logit - top);
      for (std::size_t c = 0; c < classes; ++c)
        all.push_back({alive[i].log_probability + row[c] - top - std::log(total), i,
                       static_cast<std::int32_t>(c)});
    }
    std::stable_sort(all.begin(), all.end(), [](const Extension& a, const Extension& b) {
      return a.log_probability > b.log_probability;
    });
    all.resize(std::min(all.size(), static_cast<std::size_t>(width)));
    std::vector<Hypothesis> out;
    for (const Extension& one : all) {
      Hypothesis next = alive[one.parent];
      next.log_probability = one.log_probability;
      next.tokens.push_back(one.token);
      std::rotate(next.context.begin(), next.context.begin() + 1, next.context.end());
      next.context.back() = one.token;
      out.push_back(std::move(next));
    }
    return out;
  }

  static nn::Tensor next_logits(const TrainedModel& model, const std::vector<Hypothesis>& alive) {
    Examples contexts;
    contexts.count = static_cast<int>(alive.size());
    for (const Hypothesis& h : alive)
      contexts.tokens.insert(contexts.tokens.end(), h.context.begin(), h.context.end());
    return model.outputs(contexts);
  }
};
ASSAY_REGISTER(Sampler, Beam);

}  // namespace
}  // namespace assay::samplers
