// Samplers of masked models, on models whose probabilities are known.
#include "components/samplers/masked.h"

#include <cmath>

#include "tests/components/samplers/masked_models.h"

using namespace assay;
using namespace assay::testing;
using Tokens = std::vector<std::int32_t>;

TEST_CASE("orders by hand: confidence, margin and entropy differ") {
  const Tokens left = {1, 3}, right = {3, 1};  // which position came first
  const auto order = [&](const std::string& name, const TrainedModel& m) {
    return sampled("\"unmask\", order = \"" + name + "\"", m, masks(1, 2))->tokens;
  };
  // Largest 0.5 and 0.45; margins 0.01 and 0.175; entropies 0.74 and 1.07.
  const TrainedModel first = second_is_three({{0.5, 0.49, 0.01}, {0.45, 0.275, 0.275}});
  CHECK(order("confidence", first) == left);
  CHECK(order("margin", first) == right);
  CHECK(order("entropy", first) == left);
  // Largest 0.5 and 0.48; margins 0.25 and 0.01; entropies 1.04 and 0.86.
  const TrainedModel second = second_is_three({{0.5, 0.25, 0.25}, {0.48, 0.47, 0.05}});
  CHECK(order("confidence", second) == left);
  CHECK(order("margin", second) == left);
  CHECK(order("entropy", second) == right);
}

TEST_CASE("schedules fill what leaves the share of masks that they name") {
  const TrainedModel m = random_token_model({true, 10, 4, 10, 3});
  using samplers::Pace;
  const auto filled = [](Pace::Schedule schedule, int masked) {
    std::vector<int> out;
    const int begun = masked;
    for (int call = 1; masked > 0; ++call) {
      out.push_back(Pace{schedule, 1, 5}.now(begun, call, masked));
      masked -= out.back();
    }
    return out;
  };
  CHECK(filled(Pace::Schedule::kLinear, 10) == std::vector<int>{2, 2, 2, 2, 2});
  // 10 cos(pi k / 10): 9.51, 8.09, 5.88, 3.09, 0.
  CHECK(filled(Pace::Schedule::kCosine, 10) == std::vector<int>{1, 1, 3, 2, 3});
  CHECK(filled(Pace::Schedule::kLinear, 3) == std::vector<int>{1, 1, 1});
  for (const char* schedule : {"linear", "cosine"})
    CHECK(calls("\"unmask\", steps = 5, schedule = \"" + std::string(schedule) + "\"", m,
                masks(3, 10)) == 5);
}

TEST_CASE("with a temperature tokens are drawn from the softmax of logits / T") {
  const TrainedModel m = independent({{0.6, 0.3, 0.1}});
  const int count = 10000;
  const auto share = [&](const std::string& temperature, int token) {
    const auto s = sampled("\"unmask\", temperature = " + temperature, m, masks(count, 1))->tokens;
    return static_cast<double>(std::count(s.begin(), s.end(), token)) / count;
  };
  // Five standard errors of a share: 0.025.
  CHECK(std::abs(share("1.0", 1) - 0.6) < 0.025);
  CHECK(std::abs(share("1.0", 3) - 0.1) < 0.025);
  CHECK(std::abs(share("0.5", 1) - 0.36 / 0.46) < 0.025);
  CHECK(share("0.0", 1) == 1.0);
}

TEST_CASE("blocks are filled from left to right, an order inside each") {
  // Position 1 is the surer one.
  const TrainedModel m = second_is_three({{0.5, 0.4, 0.1}, {0.9, 0.05, 0.05}});
  CHECK(sampled("\"blocks\", block = 1", m, masks(1, 2))->tokens == Tokens{1, 3});
  CHECK(sampled("\"blocks\", block = 2", m, masks(1, 2))->tokens == Tokens{3, 1});
  const TrainedModel wide = random_token_model({true, 16, 5, 16, 4});
  Examples prompt = masks(1, 16);
  prompt.tokens[5] = 2;  // masks in the blocks: 4, 3, 4, 4
  CHECK(calls("\"blocks\", block = 4, per_step = 4", wide, prompt) == 4);
  CHECK(calls("\"blocks\", block = 4, per_step = 3", wide, prompt) == 2 + 1 + 2 + 2);
  CHECK(sampled("\"blocks\"", wide, prompt)->tokens[5] == 2);
}

TEST_CASE("an entropy bound of 0 fills one at a time, an infinite one all at once") {
  // Entropies 0.325, 0.500 and 0.673.
  const TrainedModel m = independent({{0.6, 0.4}, {0.9, 0.1}, {0.8, 0.2}});
  const auto at = [&](const std::string& gamma) {
    return calls("\"entropy-bound\", gamma = " + gamma, m, masks(2, 3));
  };
  CHECK(at("0.0") == 3);
  CHECK(at("0.32") == 3);
  CHECK(at("0.33") == 2);  // two: 0.325 is left when the largest is taken out
  CHECK(at("0.82") == 2);
  CHECK(at("0.83") == 1);  // 0.325 + 0.500
  CHECK(at("1e9") == 1);
  CHECK(sampled("\"entropy-bound\"", m, masks(1, 3))->tokens == Tokens{1, 1, 1});
  // By margin the order is the same here, by chance it is another one, and the bound holds there.
  CHECK(calls("\"entropy-bound\", gamma = 0.83, order = \"margin\"", m, masks(1, 3)) == 1);
}

TEST_CASE("masking again keeps the share of masks on its schedule, whatever it masks") {
  // A single position is masked before step k of n with probability 1 - (k - 1) / n, so the model
  // is called (n + 1) / 2 times on average: 4.5 for 8 steps. Over 4,000 rows five standard errors
  // are below 0.21.
  const TrainedModel m = independent({{0.6, 0.4}});
  for (const char* options :
       {"eta = 0.0", "eta = 0.3", "strategy = \"rescale\", eta = 0.5",
        "strategy = \"rescale\", eta = 1.0", "strategy = \"confidence\", eta = 0.5"}) {
    CAPTURE(options);
    const auto s = sampled("\"remask\", steps = 8, " + std::string(options), m, masks(4000, 1));
    CHECK(std::abs(s->function_evaluations - 4.5) < 0.21);
    CHECK(s->tokens == Tokens(4000, 1));
  }
  CHECK(calls("\"remask\", steps = 1", m, masks(10, 1)) == 1);
}

TEST_CASE("masking again mends what was filled in too early, and keeps what was given") {
  // Position 1 leans to 2 alone, and takes 1 where position 0, which is surely 1, holds its token.
  TrainedModel m = independent({{0.99, 0.01}, {0.4, 0.6}});
  for (int token = 1; token < 3; ++token)
    m.parameters.get("output.weight").value.set(2 * 6 + token, 20.0);
  const auto wrong = [&](const std::string& options) {
    const auto s = sampled("\"remask\", steps = 40, " + options, m, masks(2000, 2))->tokens;
    double out = 0.0;
    for (std::size_t i = 1; i < s.size(); i += 2) out += s[i] == 2 ? 1.0 / 2000 : 0.0;
    return out;
  };
  // Without, position 1 comes first half of the time. Five standard errors: 0.056.
  CHECK(std::abs(wrong("eta = 0.0") - 0.5) < 0.056);
  for (const char* strategy : {"cap", "rescale", "confidence"})
    CHECK(wrong("eta = 0.5, strategy = \"" + std::string(strategy) + "\"") < 0.3);
  Examples given = masks(500, 2);
  for (std::size_t i = 1; i < 1000; i += 2) given.tokens[i] = 2;
  const auto kept = sampled("\"remask\", eta = 1.0", m, given)->tokens;
  for (std::size_t i = 1; i < 1000; i += 2) CHECK(kept[i] == 2);
}

TEST_CASE("samplers of masked models refuse others") {
  for (const char* name : {"unmask", "blocks", "entropy-bound", "remask", "masked-ancestral"})
    for (const DataFormat& format : {DataFormat{true, 6, 4, 1, 4}, DataFormat{true, 6, 4, 6, 4}})
      CHECK_THROWS_WITH_AS(
          build<Sampler>("\"" + std::string(name) + "\"")
              ->sample(random_token_model(format), masks(1, 6), Stream(1)),
          (std::string(name) + " needs a model that predicts every position").c_str(),
          std::runtime_error);
}
