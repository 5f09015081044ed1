// Metrics of sampled tokens under the model that they are to come from.
#include "tests/contracts/metric_contract.h"
#include "tests/contracts/sampler_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

double value_of(const std::string& name, const TrainedModel& m, const Samples& samples,
                const std::string& part = "") {
  Evaluation e;
  e.model = &m;
  e.samples = &samples;
  for (const auto& [key, value] : measure(*build<Metric>("\"" + name + "\""), e))
    if (key == name + part) return value;
  FAIL(name << part << " is not measured");
  return 0.0;
}

std::string refusal(const std::string& name, const TrainedModel& m, const Samples& samples) {
  try {
    (void)value_of(name, m, samples);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

// p = 0.7, 0.3 whatever came before.
TrainedModel coin() {
  TrainedModel out = random_token_model({true, 2, 2, 1, 2});
  out.parameters.get("output.weight").value.fill(0.0);
  out.parameters.get("output.bias").value =
      nn::Tensor::of({2}, std::vector<double>{std::log(0.7), std::log(0.3)});
  return out;
}

Samples tossed() {
  Samples out;
  out.count = 4;
  out.width = 2;
  out.prompts.assign(8, 0);
  out.tokens = {0, 0, 0, 1, 0, 1, 1, 0};
  return out;
}

// The same prompt again and again.
Examples prompts(const DataFormat& format, int count, std::int32_t token) {
  Examples out;
  out.count = count;
  out.tokens.assign(static_cast<std::size_t>(count * format.width), token);
  return out;
}

}  // namespace

TEST_CASE("likelihood and distance of samples by hand") {
  CHECK(value_of("sequence-likelihood", coin(), tossed()) ==
        doctest::Approx((5 * std::log(0.7) + 3 * std::log(0.3)) / 8));
  // Shares 1/4, 1/2, 1/4, 0 of 00, 01, 10, 11; p is 0.49, 0.21, 0.21, 0.09.
  CHECK(value_of("total-variation", coin(), tossed()) == doctest::Approx(0.33));
  // Two prompts, half of the samples each: 00 01 | 01 10.
  Samples two = tossed();
  two.prompts = {0, 0, 0, 0, 1, 1, 1, 1};
  CHECK(value_of("total-variation", coin(), two) ==
        doctest::Approx(((0.01 + 0.29 + 0.21 + 0.09) / 2 + (0.49 + 0.29 + 0.29 + 0.09) / 2) / 2));
}

TEST_CASE("order locality by hand") {
  const TrainedModel m = coin();
  Samples s;
  s.count = 2;
  s.width = 5;
  // Left to right; then masks 1, 2, 0, 3 of the four, the given token being passed over.
  s.filled = {1, 2, 3, 4, 5, 3, 0, 1, 2, 4};
  CHECK(value_of("order-locality", m, s, "-1") == doctest::Approx((4 + 1) / 7.0));
  CHECK(value_of("order-locality", m, s, "-global-1") == doctest::Approx((5 + 2) / 9.0));
  Evaluation e;
  e.samples = &s;
  const auto two = measure(*build<Metric>("{ use = \"order-locality\", k = 2 }"), e);
  REQUIRE(two.size() == 2);
  CHECK(two[0].second == doctest::Approx(3 / 5.0));
  CHECK(two[1].second == doctest::Approx(1.0));
  CHECK(refusal("order-locality", m, tossed()) ==
        "order-locality needs samples whose masks were filled in an order");
}

TEST_CASE("order locality of samplers: blocks of one are read, random order is not") {
  const TrainedModel m = random_token_model({true, 12, 4, 12, 3});
  const auto locality = [&](const std::string& text, const std::string& part) {
    return value_of(
        "order-locality", m,
        *build<Sampler>("{ use = " + text + " }")->sample(m, prompts(m.format, 400, 0), Stream(1)),
        part);
  };
  CHECK(locality("\"blocks\", block = 1", "-1") == 1.0);
  CHECK(locality("\"blocks\", block = 1", "-global-1") == 1.0);
  // By chance: 11 pairs of 12 * 11, so 1/12; 1/n for n masks left, 3.10 of 12. Five standard
  // errors.
  CHECK(std::abs(locality("\"unmask\", order = \"random\"", "-1") - 1 / 12.0) < 0.022);
  CHECK(std::abs(locality("\"unmask\", order = \"random\"", "-global-1") - 3.1032 / 12) < 0.032);
}

TEST_CASE("three tosses of a fair coin are off by a quarter on average") {
  // The share is off by 1/6 with probability 3/4 and by 1/2 with 1/4.
  TrainedModel fair = coin();
  fair.parameters.get("output.bias").value.fill(0.0);
  Samples three;
  three.count = 3;
  three.width = 1;
  three.prompts.assign(6, 0);
  three.tokens = {0, 0, 1};
  CHECK(value_of("total-variation", fair, three, "-floor") == doctest::Approx(0.25));
}

TEST_CASE("exact samples of a next-token model go to distance 0, others do not") {
  const TrainedModel m = random_token_model({true, 2, 3, 1, 3});
  const auto sampled = [&](const std::string& text, int count) {
    return *build<Sampler>(text)->sample(m, prompts(m.format, count, 1), Stream(3));
  };
  const std::string exact = "{ use = \"temperature\", length = 3 }";
  for (const int count : {1000, 16000}) {
    const Samples s = sampled(exact, count);
    const double floor = value_of("total-variation", m, s, "-floor");
    CHECK(floor < 0.09 * std::sqrt(1000.0 / count));
    CHECK(value_of("total-variation", m, s) < 1.5 * floor);
    CHECK(value_of("total-variation", m, s) > 0.5 * floor);
  }
  const Samples cold = sampled("{ use = \"temperature\", length = 3, temperature = 0.5 }", 16000);
  CHECK(value_of("total-variation", m, cold) > 3 * value_of("total-variation", m, cold, "-floor"));
}

TEST_CASE("exact samples of a masked model are drawn one position at a time, at random") {
  TrainedModel m = random_token_model({true, 3, 3, 3, 2});
  m.parameters.get("output.weight").value = nn::Tensor::normal({6, 9}, 2.0, Stream(6));
  const int count = 8000;
  const auto at = [&](const std::string& options) {
    const auto s = build<Sampler>("{ use = \"unmask\", temperature = 1.0, " + options + " }")
                       ->sample(m, prompts(m.format, count, 0), Stream(3));
    return value_of("total-variation", m, *s) / value_of("total-variation", m, *s, "-floor");
  };
  CHECK(at("order = \"random\"") < 2.0);
  CHECK(at("order = \"random\", per_step = 3") > 5.0);
  CHECK(at("order = \"confidence\"") > 5.0);
}

TEST_CASE("metrics of sequences refuse what they cannot measure") {
  Samples long_ones = tossed();
  long_ones.width = 40;
  long_ones.tokens.assign(160, 1);
  CHECK(refusal("total-variation", coin(), long_ones) ==
        "total-variation: 1099511627776.0 sequences after all prompts are too many to enumerate; "
        "it takes a million");
  Samples outside = tossed();
  outside.tokens[0] = 2;
  for (const char* name : {"total-variation", "sequence-likelihood"})
    CHECK(refusal(name, coin(), outside) ==
          std::string(name) + ": the samples are not tokens that this model reads");
  const TrainedModel masked = random_token_model({true, 2, 4, 2, 3});
  CHECK(refusal("sequence-likelihood", masked, tossed()) ==
        "sequence-likelihood needs a model of the next token");
}

TEST_CASE("self-BLEU by hand") {
  const auto bleu = [](int n, int width, const std::vector<std::int32_t>& tokens) {
    Samples samples;
    samples.width = width;
    samples.count = static_cast<int>(tokens.size()) / width;
    samples.tokens = tokens;
    Evaluation e;
    e.samples = &samples;
    return measure(*build<Metric>("{ use = \"self-bleu\", n = " + std::to_string(n) + " }"), e)
        .front()
        .second;
  };
  CHECK(bleu(3, 4, {1, 2, 3, 4, 1, 2, 3, 4}) == doctest::Approx(1.0));
  CHECK(bleu(2, 3, {0, 0, 0, 1, 1, 1}) == 0.0);
  // aaab | aacc | bddd. Matches of one token, clipped by the other that has most: aab of 4 | aa of
  // 4 | b of 4. Of two: aa once of 3 | aa of 3 | none.
  const double first = std::sqrt(3.0 / 4 * 1 / 3), second = std::sqrt(2.0 / 4 * 1 / 3),
               third = std::sqrt(1.0 / 4 * 0.1 / 3);
  CHECK(bleu(2, 4, {0, 0, 0, 1, 0, 0, 2, 2, 1, 3, 3, 3}) ==
        doctest::Approx((first + second + third) / 3));
  CHECK_THROWS_WITH(bleu(2, 4, {0, 0, 0, 1}), "self-bleu compares samples; there is one at most");
  CHECK_THROWS_WITH(bleu(3, 2, {0, 0, 0, 1}), "self-bleu: samples of 2 tokens hold no n-gram of 3");
}

TEST_CASE("the more samples say the same, the higher self-BLEU") {
  Stream random(5);
  double before = 0.0;
  for (const int alphabet : {40, 12, 3, 1}) {
    Samples samples;
    samples.count = samples.width = 12;
    for (int i = 0; i < 144; ++i)
      samples.tokens.push_back(static_cast<std::int32_t>(random.uniform() * alphabet));
    Evaluation e;
    e.samples = &samples;
    const double now = measure(*build<Metric>("\"self-bleu\""), e).front().second;
    CHECK(now > before);
    before = now;
  }
  CHECK(before == doctest::Approx(1.0));
}
