// The rules that choose a next token, against what they should keep and against enumeration.
#include <cmath>

#include "tests/contracts/sampler_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// A next-token model that sees two tokens; its logits do not depend on them.
TrainedModel constant_model(const std::vector<double>& probabilities) {
  const int n = static_cast<int>(probabilities.size());
  TrainedModel out = random_token_model({true, 2, n, 1, n});
  out.parameters.get("output.weight").value.fill(0.0);
  for (int i = 0; i < n; ++i)
    out.parameters.get("output.bias")
        .value.set(i, std::log(probabilities[static_cast<std::size_t>(i)]));
  return out;
}

// One whose logits depend on both tokens.
TrainedModel context_model(int tokens) {
  TrainedModel out = random_token_model({true, 2, tokens, 1, tokens});
  out.parameters.get("output.weight").value =
      nn::Tensor::normal({tokens, 2 * tokens}, 1.5, Stream(5));
  return out;
}

Examples zeros(int count, int width) {
  Examples out;
  out.count = count;
  out.tokens.assign(static_cast<std::size_t>(count * width), 0);
  return out;
}

using Tokens = std::vector<std::int32_t>;

// log p of these tokens after 0 0, by one call of the model for each.
double log_probability(const TrainedModel& m, const Tokens& tokens) {
  Tokens context = {0, 0};
  double out = 0.0;
  for (const auto token : tokens) {
    Examples one = zeros(1, 2);
    one.tokens = context;
    const nn::Tensor logits = m.outputs(one);
    double total = 0.0;
    for (int c = 0; c < m.format.classes; ++c) total += std::exp(logits.get(c));
    out += logits.get(token) - std::log(total);
    context = {context[1], token};
  }
  return out;
}

std::vector<Tokens> all_sequences(int tokens, int length) {
  std::vector<Tokens> out = {{}};
  for (int i = 0; i < length; ++i) {
    std::vector<Tokens> longer;
    for (const Tokens& start : out)
      for (int c = 0; c < tokens; ++c) {
        longer.push_back(start);
        longer.back().push_back(c);
      }
    out = longer;
  }
  return out;
}

std::map<Tokens, double> shares(const Samples& samples) {
  std::map<Tokens, double> out;
  for (int i = 0; i < samples.count; ++i) {
    const auto row = samples.tokens.begin() + std::ptrdiff_t{i} * samples.width;
    out[Tokens(row, row + samples.width)] += 1.0 / samples.count;
  }
  return out;
}

bool near(double share, double p, int count) {
  return std::abs(share - p) < 5 * std::sqrt(p * (1 - p) / count) + 1e-9;
}

std::shared_ptr<const Samples> sampled(const std::string& text, const TrainedModel& m, int count) {
  return build<Sampler>("{ use = " + text + " }")->sample(m, zeros(count, 2), Stream(4));
}

}  // namespace

TEST_CASE("each rule keeps the tokens that it should, and draws by what is left") {
  const TrainedModel m = constant_model({0.4, 0.3, 0.15, 0.1, 0.05});
  const std::vector<std::pair<std::string, std::vector<double>>> rules = {
      {"\"greedy\"", {1, 0, 0, 0, 0}},
      {"\"temperature\"", {0.4, 0.3, 0.15, 0.1, 0.05}},
      {"\"temperature\", temperature = 0.5", {0.16, 0.09, 0.0225, 0.01, 0.0025}},
      {"\"top-k\", k = 2", {0.4, 0.3, 0, 0, 0}},
      {"\"top-k\", k = 9", {0.4, 0.3, 0.15, 0.1, 0.05}},
      {"\"top-p\", p = 0.6", {0.4, 0.3, 0, 0, 0}},
      {"\"top-p\", p = 0.72", {0.4, 0.3, 0.15, 0, 0}},
      // 0.3 of 0.4 is 0.12. At T = 2 the roots are 1, 0.866, 0.612, 0.5 and 0.354 of the largest.
      {"\"min-p\", share = 0.3", {0.4, 0.3, 0.15, 0, 0}},
      {"\"min-p\", share = 0.55, temperature = 2.0",
       {std::sqrt(0.4), std::sqrt(0.3), std::sqrt(0.15), 0, 0}},
      // Entropy 1.392; -log p is 0.916, 1.204, 1.897, 2.303, 2.996: token 1 first, then 0, then 2.
      {"\"typical\", mass = 0.25", {0, 1, 0, 0, 0}},
      {"\"typical\", mass = 0.5", {0.4, 0.3, 0, 0, 0}},
      {"\"typical\", mass = 0.8", {0.4, 0.3, 0.15, 0, 0}},
  };
  for (const auto& [text, weights] : rules) {
    CAPTURE(text);
    const auto s = sampled(text + ", length = 5", m, 2000);
    CHECK(s->function_evaluations == 5);
    std::vector<double> got(5);
    for (const auto token : s->tokens) got[static_cast<std::size_t>(token)] += 1.0 / 10000;
    double total = 0.0;
    for (const double weight : weights) total += weight;
    for (std::size_t c = 0; c < 5; ++c) CHECK(near(got[c], weights[c] / total, 10000));
  }
}

TEST_CASE("sequences come as often as the chain rule says") {
  const TrainedModel m = context_model(3);
  const int count = 20000;
  auto got = shares(*sampled("\"temperature\", length = 3", m, count));
  for (const Tokens& tokens : all_sequences(3, 3))
    CHECK(near(got[tokens], std::exp(log_probability(m, tokens)), count));
}

TEST_CASE("rules by name are what ancestral does by its parameters, bit for bit") {
  TrainedModel cached;
  cached.model = build<Model>("{ use = \"transformer\", width = 8 }");
  cached.format = {true, 2, 5, 2, 5};
  cached.model->declare(cached.parameters, cached.format, Stream(1));
  const std::pair<const char*, const char*> same[] = {
      {"\"greedy\"", "\"ancestral\", temperature = 0"},
      {"\"temperature\", temperature = 0.7", "\"ancestral\", temperature = 0.7"},
      {"\"top-k\", k = 3", "\"ancestral\", top_k = 3"},
      {"\"top-p\", p = 0.8", "\"ancestral\", top_p = 0.8"},
      {"\"min-p\", share = 0.0", "\"ancestral\""},
      {"\"top-k\", k = 3, cache = 4, sinks = 1", "\"ancestral\", top_k = 3, cache = 4, sinks = 1"},
  };
  for (const auto& [name, parameters] : same)
    for (const TrainedModel& m : {context_model(5), cached})
      CHECK(sampled(name, m, 20)->tokens == sampled(parameters, m, 20)->tokens);
}

TEST_CASE("a wide beam finds the most probable sequence, a narrow one is greedy") {
  const TrainedModel m = context_model(3);
  const auto all = all_sequences(3, 4);
  const Tokens best = *std::max_element(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return log_probability(m, a) < log_probability(m, b);
  });
  const auto wide = sampled("\"beam\", width = 27, length = 4", m, 2);
  CHECK(Tokens(wide->tokens.begin(), wide->tokens.begin() + 4) == best);
  CHECK(Tokens(wide->tokens.begin() + 4, wide->tokens.end()) == best);
  CHECK(wide->function_evaluations == 1 + 3 + 9 + 27);
  const auto greedy = sampled("\"greedy\", length = 4", m, 1)->tokens;
  CHECK(sampled("\"beam\", width = 1, length = 4", m, 1)->tokens == greedy);
  CHECK(sampled("\"beam\", width = 2, length = 4", m, 1)->function_evaluations == 1 + 2 + 2 + 2);
}

TEST_CASE("a beam finds what greedy misses") {
  // Token 0 first (0.6), after which 0 and 1 are alike; after 1 (0.4) token 1 is nearly certain.
  TrainedModel m = constant_model({0.6, 0.4});
  m.parameters.get("output.bias").value.fill(0.0);
  nn::Tensor& weight = m.parameters.get("output.weight").value;  // 2 x (2 positions * 2 tokens)
  weight.set(0, std::log(0.6 / 0.4));                            // the token before the last is 0
  weight.set(4 + 3, 9.0);                                        // the last is 1: then 1
  Examples prompt = zeros(1, 2);
  const auto run = [&](const std::string& text) {
    return build<Sampler>(text)->sample(m, prompt, Stream(1))->tokens;
  };
  CHECK(run("{ use = \"greedy\", length = 2 }") == Tokens{0, 0});
  CHECK(run("{ use = \"beam\", width = 2, length = 2 }") == Tokens{1, 1});
}

TEST_CASE("next-token samplers say what does not fit") {
  const TrainedModel masked = random_token_model({true, 6, 4, 6, 3});
  for (const char* name : {"greedy", "temperature", "top-k", "top-p", "min-p", "typical", "beam"})
    CHECK_THROWS_WITH_AS(
        build<Sampler>("\"" + std::string(name) + "\"")->sample(masked, zeros(1, 6), Stream(1)),
        (std::string(name) + " needs a model of the next token").c_str(), std::runtime_error);
  CHECK(error_of<Sampler>("{ use = \"min-p\", cache = 2, sinks = 2 }") ==
        "it.sinks = 2 leaves no place in cache = 2");
  CHECK(error_of<Sampler>("{ use = \"top-k\", k = 0 }") ==
        "it.k = 0 is out of range; allowed: 1 to 1000000 tokens");
}
