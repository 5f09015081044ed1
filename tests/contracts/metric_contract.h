#pragma once

#include <cmath>
#include <sstream>

#include "components/metrics/metric.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

using Numbers = std::vector<std::pair<std::string, double>>;

inline Numbers measure(const Metric& metric, Evaluation& evaluation) {
  Numbers out;
  metric.measure(evaluation,
                 [&](std::string name, double value) { out.emplace_back(std::move(name), value); });
  return out;
}

// Everything that a metric may look at: a network and another one, data with a known dictionary,
// known components and masks, an autoencoder of their features, and completed grids.
struct Bench {
  TrainedModel model;
  TrainedModel reference;  // the same with other weights
  Data data;
  TrainedSae sae;
  Samples samples;

  explicit Bench(TrainedModel measured) : model(std::move(measured)), reference(model) {
    for (nn::Parameter& p : reference.parameters)
      for (std::int64_t i = 0; i < p.value.count(); ++i)
        p.value.set(i, 0.9 * p.value.get(i) + 0.01);
    data.format = model.format;
    data.test = examples(24, data.format.width, data.format.classes, 2);
    data.truth["dictionary"] = nn::Tensor::normal({5, data.format.width}, 1.0, Stream(8));
    data.truth["informative"] = nn::Tensor({data.format.width});
    data.truth["informative"].set(0, 1.0);
    data.truth["assignment"] = nn::Tensor({24});
    for (int i = 0; i < 24; ++i) data.truth["assignment"].set(i, i % 3);
    nn::Tensor& masks = data.truth["masks"] = nn::Tensor({24, data.format.width});
    for (std::int64_t i = 0; i < masks.count(); ++i) masks.set(i, static_cast<double>(i % 3));
    sae.sae = build<Sae>("{ use = \"topk\", latents = 9, k = 2 }");
    sae.features = data.format.width;
    sae.in.mean = nn::Tensor({sae.features});
    sae.sae->declare(sae.parameters, SaeFormat::plain(sae.features), Stream(6));
    samples.count = 1;
    samples.width = 16;
    samples.prompts.assign(16, 0);
    samples.tokens = {1, 2, 3, 4, 3, 4, 1, 2, 2, 1, 4, 3, 4, 3, 2, 1};
    samples.filled = {1, 2, 3, 4, 5, 6, 7, 8, 8, 7, 6, 5, 4, 3, 2, 1};
    samples.function_evaluations = 3.0;
  }
  // Holds what `needs` names and nothing else.
  Evaluation evaluation(std::string_view needs) const {
    Evaluation out;
    std::istringstream words{std::string(needs)};
    for (std::string word; words >> word;) {
      if (word == "model") out.model = &model;
      if (word == "data") out.data = &data;
      if (word == "sae") out.sae = &sae;
      if (word == "samples") out.samples = &samples;
      if (word == "reference") out.reference = &reference;
    }
    return out;
  }
};

// The same with samples of numbers, like the features, and data drawn from known components.
inline Bench number_bench() {
  Bench out(model("\"autoencoder\"", 6, 4));
  out.data.train = examples(30, 6, 4, 4);
  out.data.truth["codes"] = nn::Tensor::full({24, 5}, 1.0);
  out.data.truth["parents"] = nn::Tensor::of({5}, std::vector<double>{-1, 0, 0, -1, 3});
  out.data.truth["means"] = nn::Tensor::normal({3, 6}, 1.0, Stream(9));
  out.data.truth["deviations"] = nn::Tensor::full({3}, 1.0);
  out.data.truth["weights"] = nn::Tensor::full({3}, 1.0 / 3.0);
  out.samples = {};
  out.samples.count = 20;
  out.samples.width = 6;
  out.samples.values = nn::Tensor::normal({20, 6}, 1.0, Stream(10));
  out.samples.function_evaluations = 3.0;
  return out;
}

// Samples of two tokens after two others by a model of the next of three. The autoencoder's
// examples have features besides.
inline Bench token_bench() {
  TrainedModel next;
  next.model = build<Model>("\"linear\"");
  next.format = {true, 2, 3, 1, 3};
  next.model->declare(next.parameters, next.format, Stream(5));
  Bench out(next);
  for (int i = 0; i < 2 * out.data.test.count; ++i) out.data.test.tokens.push_back(i % 3);
  out.samples.filled.clear();
  out.samples.count = 3;
  out.samples.width = 3;
  out.samples.prompts = {0, 1, 2, 1, 0, 1};
  out.samples.tokens = {1, 2, 2, 2, 2, 0, 0, 1, 1};
  return out;
}

// A transformer of the next token, and text with a label at each.
inline Bench text_bench() {
  TrainedModel next;
  next.model = build<Model>("{ use = \"transformer\", width = 4, hidden = 5 }");
  next.format = {true, 6, 3, 6, 3};
  next.model->declare(next.parameters, next.format, Stream(5));
  Bench out(next);
  out.data.test.labels.clear();
  for (int i = 0; i < 6 * out.data.test.count; ++i) {
    out.data.test.tokens.push_back(i * i % 3);
    out.data.test.labels.push_back((i + 1) * (i + 1) % 3);
  }
  return out;
}

// The same with an autoencoder of a site of the network.
inline Bench site_bench() {
  Bench out(model("{ use = \"mlp\", hidden = [6] }", 6, 4));
  out.sae.sites = {"hidden1.act"};
  return out;
}

// A metric names inputs that exist and reads those alone; its numbers are finite, carry its name,
// and are the same again and whatever else was measured before. `accepted` tells whether it
// measures this bench at all; one that does not fit says so by std::runtime_error.
inline bool metric_contract(const std::string& name, const Bench& bench) {
  CAPTURE(name);
  const auto metric = build<Metric>("\"" + name + "\"");
  config_contract(*metric);
  std::istringstream words{std::string(metric->needs())};
  for (std::string word; words >> word;)
    CHECK((word == "model" || word == "data" || word == "sae" || word == "samples" ||
           word == "reference"));
  Evaluation alone = bench.evaluation(metric->needs());
  Numbers first;
  try {
    first = measure(*metric, alone);
  } catch (const std::runtime_error&) {
    return false;
  }
  CHECK_FALSE(first.empty());
  for (const auto& [key, value] : first) {
    CHECK((key == name || key.rfind(name + "-", 0) == 0));
    CHECK(std::isfinite(value));
  }
  CHECK(measure(*metric, alone) == first);
  Evaluation shared = bench.evaluation("model data sae samples reference");
  (void)shared.outputs();
  (void)shared.reconstruction();
  CHECK(measure(*metric, shared) == first);
  return true;
}

}  // namespace assay::testing
