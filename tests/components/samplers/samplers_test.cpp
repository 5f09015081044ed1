#include <cmath>

#include "components/samplers/sampler.h"
#include "tests/components/support.h"
#include "tests/contracts/sampler_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

// A next-token model over 3 tokens whose logits do not depend on the context.
TrainedModel next_token(const std::vector<double>& logits) {
  TrainedModel out;
  out.model = build<Model>("\"linear\"");
  out.format = {true, 2, 3, 1, 3};
  out.model->declare(out.parameters, out.format, Stream(1));
  out.parameters.get("output.weight").value.fill(0.0);
  out.parameters.get("output.bias").value = nn::Tensor::of({3}, logits);
  return out;
}

std::vector<double> shares(const std::string& options, const std::vector<double>& logits) {
  Examples prompts;
  prompts.count = 2000;
  prompts.tokens.assign(4000, 0);
  const auto samples = build<Sampler>("{ use = \"ancestral\", length = 5" + options + " }")
                           ->sample(next_token(logits), prompts, Stream(4));
  std::vector<double> out(3);
  for (const int token : samples->tokens) out[static_cast<std::size_t>(token)] += 1.0 / 10000;
  CHECK(samples->function_evaluations == 5);
  return out;
}

}  // namespace

TEST_CASE("ancestral sampling draws by the softmax, truncated as asked") {
  const std::vector<double> logits = {std::log(0.5), std::log(0.3), std::log(0.2)};
  // Five standard errors of a share over 10,000 draws: 0.025.
  const auto near = [](double a, double b) { return std::abs(a - b) < 0.025; };
  const auto all = shares("", logits);
  CHECK((near(all[0], 0.5) && near(all[1], 0.3) && near(all[2], 0.2)));
  const auto two = shares(", top_k = 2", logits);
  CHECK((near(two[0], 0.625) && near(two[1], 0.375) && two[2] == 0.0));
  const auto nucleus = shares(", top_p = 0.6", logits);
  CHECK((near(nucleus[0], 0.625) && nucleus[2] == 0.0));
  CHECK(shares(", temperature = 0", logits)[0] == doctest::Approx(1.0));
  const auto cold = shares(", temperature = 0.5", logits);
  CHECK(near(cold[0], 0.25 / 0.38));
}

TEST_CASE("unmasking fills what is masked, keeps what is given, and counts calls") {
  // A model that wants token 1 + (position mod 4) at every position.
  TrainedModel m;
  m.model = build<Model>("\"linear\"");
  m.format = {true, 16, 5, 16, 4};
  m.model->declare(m.parameters, m.format, Stream(1));
  m.parameters.get("output.weight").value.fill(0.0);
  for (int i = 0; i < 16; ++i) m.parameters.get("output.bias").value.set(i * 4 + i % 4, 1.0 + i);
  Examples prompts;
  prompts.count = 1;
  prompts.tokens.assign(16, 0);
  prompts.tokens[2] = 1;
  for (const char* order : {"random", "confidence"}) {
    for (const int per_step : {1, 4, 16}) {
      const auto s = build<Sampler>("{ use = \"unmask\", order = \"" + std::string(order) +
                                    "\", per_step = " + std::to_string(per_step) + " }")
                         ->sample(m, prompts, Stream(2));
      CHECK(s->function_evaluations == std::ceil(15.0 / per_step));
      for (int i = 0; i < 16; ++i)
        CHECK(s->tokens[static_cast<std::size_t>(i)] == (i == 2 ? 1 : 1 + i % 4));
    }
  }
}

TEST_CASE("every sampler keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("sampler")) sampler_contract(text);
}

TEST_CASE("the context of ancestral sampling slides: the newest token comes last") {
  // The next token is the last one plus 1, modulo 3; the token before it has no say.
  TrainedModel m = next_token({0, 0, 0});
  nn::Tensor& weight = m.parameters.get("output.weight").value;  // 3 x (2 positions * 3 tokens)
  for (int last = 0; last < 3; ++last) weight.set((last + 1) % 3 * 6 + 3 + last, 10.0);
  Examples prompts;
  prompts.count = 2;
  prompts.tokens = {0, 1, 1, 0};
  const auto s = build<Sampler>("{ use = \"ancestral\", length = 4, temperature = 0 }")
                     ->sample(m, prompts, Stream(4));
  CHECK(s->tokens == std::vector<std::int32_t>{2, 0, 1, 2, 1, 2, 0, 1});
}

TEST_CASE("confident positions are filled first, random ones by chance, and it matters") {
  // Position 0 is surely 1. Position 1 leans to 2 (0.62) while position 0 is masked, and to 1 once
  // it sees a 1 there. Confidence first: always 1 1. A position at a time at random: 1 2 half of
  // the time. Both at once: always 1 2.
  TrainedModel m;
  m.model = build<Model>("\"linear\"");
  m.format = {true, 2, 3, 2, 2};
  m.model->declare(m.parameters, m.format, Stream(1));
  nn::Tensor& weight = m.parameters.get("output.weight").value;  // (2 * 2) x (2 * 3)
  weight.fill(0.0);
  weight.set(2 * 6 + 1, 4.0);  // position 1, token 1, where position 0 holds token 1
  m.parameters.get("output.bias").value = nn::Tensor::of({4}, std::vector<double>{5, 0, 0, 0.5});
  Examples prompts;
  prompts.count = 1000;
  prompts.tokens.assign(2000, 0);
  const auto share_of_ones = [&](const std::string& options) {
    const auto s =
        build<Sampler>("{ use = \"unmask\", " + options + " }")->sample(m, prompts, Stream(8));
    double ones = 0.0;
    for (std::size_t i = 0; i < 1000; ++i) {
      CHECK(s->tokens[2 * i] == 1);
      ones += s->tokens[2 * i + 1] == 1 ? 0.001 : 0.0;
    }
    return ones;
  };
  CHECK(share_of_ones("order = \"confidence\"") == doctest::Approx(1.0));
  // Five standard errors over 1,000 rows: 0.08.
  CHECK(std::abs(share_of_ones("order = \"random\"") - 0.5) < 0.08);
  CHECK(share_of_ones("order = \"confidence\", per_step = 2") == 0.0);
}

TEST_CASE("calls are averaged over prompts with different numbers of masks") {
  TrainedModel m;
  m.model = build<Model>("\"linear\"");
  m.format = {true, 4, 3, 4, 2};
  m.model->declare(m.parameters, m.format, Stream(1));
  Examples prompts;
  prompts.count = 3;
  prompts.tokens = {0, 0, 0, 0, 1, 0, 2, 1, 1, 2, 1, 2};  // 4, 1 and 0 masks
  const auto s =
      build<Sampler>("{ use = \"unmask\", per_step = 2 }")->sample(m, prompts, Stream(2));
  CHECK(s->function_evaluations == doctest::Approx((2 + 1 + 0) / 3.0));
}

TEST_CASE("a transformer samples past its context, from a cache or with learnt positions") {
  for (const char* text : {"{ use = \"transformer\", width = 8 }",
                           "{ use = \"transformer\", width = 8, positions = \"learned\" }"}) {
    TrainedModel m;
    m.model = build<Model>(text);
    m.format = {true, 6, 5, 6, 5};
    m.model->declare(m.parameters, m.format, Stream(1));
    CHECK(m.model->incremental() == (std::string(text).find("learned") == std::string::npos));
    Examples prompts;
    prompts.count = 2;
    prompts.tokens = {0, 1, 2, 3, 4, 0, 4, 3, 2, 1, 0, 4};
    const auto s = build<Sampler>("{ use = \"ancestral\", length = 20, temperature = 0 }")
                       ->sample(m, prompts, Stream(2));
    REQUIRE(s->tokens.size() == 40);
    // The first drawn token sees the prompt alone, whichever way it is computed.
    const nn::Tensor logits = m.outputs(prompts);
    for (int i = 0; i < 2; ++i) {
      int best = 0;
      for (int c = 1; c < 5; ++c)
        if (logits.at(i, 25 + c) > logits.at(i, 25 + best)) best = c;
      CHECK(s->tokens[static_cast<std::size_t>(i) * 20] == best);
    }
  }
}
