// What samplers of masked models have in common, and absorbing diffusion, against probabilities
// worked out by hand or by going through all cases.
#include <cmath>

#include "components/samplers/masked.h"
#include "tests/components/samplers/masked_models.h"

using namespace assay;
using namespace assay::testing;
using Tokens = std::vector<std::int32_t>;

namespace {

// The share of two-position samples that are these tokens.
double share(const std::string& text, const TrainedModel& m, const Examples& prompts,
             const Tokens& wanted) {
  const auto s = sampled(text, m, prompts)->tokens;
  double out = 0.0;
  for (std::size_t i = 0; i < s.size(); i += 2)
    out += s[i] == wanted[0] && s[i + 1] == wanted[1] ? 2.0 / static_cast<double>(s.size()) : 0.0;
  return out;
}

// The step of `steps` in which a mask is filled has these probabilities.
std::vector<double> filled_in(const std::function<double(double)>& alpha, int steps, bool euler) {
  std::vector<double> out;
  double left = 1.0;
  for (int k = 1; k <= steps; ++k) {
    const double t = 1.0 - (k - 1.0) / steps, s = 1.0 - 1.0 * k / steps, h = 1e-6;
    const double slope = (alpha(t - h) - alpha(t)) / h;  // one-sided, as t = 1 is an end
    const double rate = euler ? std::min(1.0, slope / steps / (1 - alpha(t)))
                              : (alpha(s) - alpha(t)) / (1 - alpha(t));
    out.push_back(k == steps ? left : left * rate);
    left -= out.back();
  }
  return out;
}

struct Alpha {
  const char* name;
  std::function<double(double)> at;
};
const std::vector<Alpha>& alphas() {
  static const std::vector<Alpha> kAlphas = {
      {"linear", [](double t) { return 1 - t; }},
      {"polynomial", [](double t) { return 1 - t * t; }},
      {"cosine", [](double t) { return 1 - std::cos(std::acos(0.0) * (1 - t)); }},
      {"geometric", [](double t) { return std::exp(-std::pow(1e-5, 1 - t) * std::pow(20.0, t)); }}};
  return kAlphas;
}

}  // namespace

TEST_CASE("an order is drawn from softmax(score / T), without replacement") {
  // Probabilities 0.9, 0.6 and 0.5 of the first class: the orders of three draws at T = 0.2.
  const std::vector<double> p = {0.9, 0.6, 0.5};
  std::vector<double> weight;
  for (const double one : p) weight.push_back(std::exp(one / 0.2));
  std::map<std::vector<int>, double> seen;
  Stream stream(3);
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    std::vector<samplers::Guess> guesses;
    for (int j = 0; j < 3; ++j) guesses.push_back({j, 1, p[static_cast<std::size_t>(j)], 0.0, 0.0});
    samplers::sort_by(samplers::Order::kConfidence, 0.2, guesses, stream);
    seen[{guesses[0].position, guesses[1].position, guesses[2].position}] += 1.0 / draws;
  }
  const double all = weight[0] + weight[1] + weight[2];
  CHECK(seen.size() == 6);
  for (const auto& [order, found] : seen) {
    const double first = weight[static_cast<std::size_t>(order[0])],
                 second = weight[static_cast<std::size_t>(order[1])];
    CHECK(std::abs(found - first / all * second / (all - first)) < 0.018);  // five standard errors
  }
}

TEST_CASE("the temperature of an order goes from the sure one to chance, for every score") {
  // Position 0 is surer by every score, and token 3 comes to the second one that is filled.
  const TrainedModel m = second_is_three({{0.9, 0.05, 0.05}, {0.4, 0.3, 0.3}});
  for (const char* sampler : {"unmask", "blocks", "entropy-bound"})
    for (const char* order : {"confidence", "margin", "entropy"}) {
      CAPTURE(sampler);
      CAPTURE(order);
      const auto first = [&](const std::string& temperature) {
        std::string text = "\"" + std::string(sampler) + "\", order = \"" + order +
                           "\", order_temperature = " + temperature;
        if (std::string(sampler) == "entropy-bound") text += ", gamma = 0.0";
        return share(text, m, masks(2000, 2), {1, 3});
      };
      CHECK(first("0.0") == doctest::Approx(1.0));
      CHECK(first("0.01") == doctest::Approx(1.0));
      CHECK(std::abs(first("1e6") - 0.5) < 0.056);  // five standard errors
    }
  CHECK(error_of<Sampler>("{ use = \"unmask\", order = \"random\", order_temperature = 1.0 }") ==
        "it.order_temperature softens an order by scores; order = \"random\" has none");
}

TEST_CASE("the schedule timestep fills floor(m (1 - s / t)) of the masks, and all at last") {
  using samplers::Pace;
  const auto filled = [](int masked, int steps, double eps) {
    std::vector<int> out;
    for (int call = 1; masked > 0; ++call) {
      out.push_back(Pace{Pace::Schedule::kTimestep, 1, steps, eps}.now(99, call, masked));
      masked -= out.back();
    }
    return out;
  };
  // t: 1, 0.8, 0.6, 0.4, 0.2, 0: shares 1/5, 1/4, 1/3, 1/2, all.
  CHECK(filled(10, 5, 0.0) == std::vector<int>{2, 2, 2, 2, 2});
  // 4 (1/5) = 0.8, 4 (1/4) = 1, 3 (1/3) = 1, 2 (1/2) = 1: the first step fills none.
  CHECK(filled(4, 5, 0.0) == std::vector<int>{0, 1, 1, 1, 1});
  // t: 1, 0.75, 0.5: shares 1/4, and all at last, of which half of the time is left.
  CHECK(filled(8, 2, 0.5) == std::vector<int>{2, 6});
  const TrainedModel m = random_token_model({true, 4, 4, 4, 3});
  CHECK(calls("\"unmask\", schedule = \"timestep\", steps = 5, eps = 0.0", m, masks(3, 4)) == 5);
}

TEST_CASE("guidance moves logits away from those without what is given") {
  // Position 1 is 1 with probability 1/2, and 0.6 where position 0 is given as 1.
  TrainedModel m = independent({{0.5, 0.5}, {0.5, 0.5}});
  m.parameters.get("output.weight").value.set(2 * 6 + 1, std::log(0.6 / 0.4));
  Examples prompts = masks(10000, 2);
  for (std::size_t i = 0; i < prompts.tokens.size(); i += 2) prompts.tokens[i] = 1;
  const auto guided = [&](const std::string& sampler, const std::string& scale) {
    return share("\"" + sampler + "\", temperature = 1.0, cfg_scale = " + scale, m, prompts,
                 {1, 1});
  };
  // Odds (0.6 / 0.4)^(w + 1); five standard errors: 0.025.
  for (const char* sampler : {"unmask", "blocks", "entropy-bound", "remask", "masked-ancestral"}) {
    CAPTURE(sampler);
    CHECK(std::abs(guided(sampler, "0.0") - 0.6) < 0.025);
    CHECK(std::abs(guided(sampler, "1.0") - 2.25 / 3.25) < 0.025);
    CHECK(std::abs(guided(sampler, "3.0") - 5.0625 / 6.0625) < 0.025);
  }
  CHECK(calls("\"unmask\", cfg_scale = 1.0", m, prompts) == 2.0);
  // What was filled in is not given: without prompts there is nothing to be guided by.
  CHECK(sampled("\"unmask\", cfg_scale = 5.0", m, masks(1, 2))->tokens ==
        sampled("\"unmask\"", m, masks(1, 2))->tokens);
}

TEST_CASE("noise of few bits draws improbable tokens as often as all pairs of its values say") {
  const double p = 1e-4, values = 2048.0;
  std::vector<double> noise;
  for (int i = 0; i < 2048; ++i) noise.push_back(-std::log(-std::log(i / values)));
  double half = 0.0;
  for (const double a : noise)
    for (const double b : noise)
      half += b + std::log(p) > a + std::log(1 - p) ? 1 / (values * values) : 0.0;
  const TrainedModel m = independent({{1 - p, p}});
  const int count = 200000;
  const auto drawn = [&](const std::string& name) {
    const auto s =
        sampled("\"unmask\", temperature = 1.0, noise = \"" + name + "\"", m, masks(count, 1))
            ->tokens;
    return static_cast<double>(std::count(s.begin(), s.end(), 2)) / count;
  };
  // Wherever the other token's number is 0, once in 2048, its noise is minus infinity. Five
  // standard errors: 0.00011, and 0.00026 for the larger share.
  CHECK(half > 4 * p);
  CHECK(std::abs(drawn("double") - p) < 0.00011);
  CHECK(std::abs(drawn("float") - p) < 0.00011);
  CHECK(std::abs(drawn("half") - half) < 0.00026);
  // Noise ends at b ln 2.
  double most[3] = {0.0, 0.0, 0.0};
  for (const auto& [i, name] : {std::pair{0, samplers::Noise::kHalf},
                                {1, samplers::Noise::kFloat},
                                {2, samplers::Noise::kDouble}}) {
    Stream stream(1);
    for (int n = 0; n < 100000; ++n) most[i] = std::max(most[i], samplers::gumbel(name, stream));
  }
  CHECK(most[0] == doctest::Approx(std::log(values)).epsilon(1e-3));
  CHECK(most[1] > most[0] + 1.0);
  CHECK(most[2] == doctest::Approx(most[1]).epsilon(0.01));  // beyond it: once in 16 million
}

TEST_CASE("absorbing diffusion fills two positions at once as often as its schedule says") {
  // Filled at once, both take 1; one after the other the second takes 3. The probability of one
  // step for both is the sum of squares of that of each step.
  const TrainedModel m = second_is_three({{0.9, 0.05, 0.05}, {0.9, 0.05, 0.05}});
  const int steps = 6, count = 10000;
  for (const Alpha& alpha : alphas())
    for (const bool euler : {false, true})
      for (const char* cached : {"true", "false"}) {
        CAPTURE(alpha.name);
        CAPTURE(euler);
        double together = 0.0, mean = 0.0;
        const std::vector<double> at = filled_in(alpha.at, steps, euler);
        for (std::size_t k = 0; k < at.size(); ++k) together += at[k] * at[k];
        double until = 0.0;
        for (std::size_t k = 0; k < at.size();
             ++k) {  // the last of the two is filled in step k + 1
          mean += (std::pow(until + at[k], 2) - until * until) * static_cast<double>(k + 1);
          until += at[k];
        }
        const std::string text = "\"masked-ancestral\", steps = 6, schedule = \"" +
                                 std::string(alpha.name) + "\", rates = \"" +
                                 (euler ? "euler" : "exact") +
                                 "\", temperature = 0.0, cached = " + cached;
        // Five standard errors: 0.025 of a share, 0.1 of a mean of steps from 1 to 6.
        CHECK(std::abs(share(text, m, masks(count, 2), {1, 1}) - together) < 0.025);
        const double found = calls(text, m, masks(count, 2));
        CHECK(std::abs(found - (cached == std::string("true") ? 2 - together : mean)) < 0.1);
      }
}

TEST_CASE("the analytic sampler is the ancestral one; Euler steps are the same on a line alone") {
  for (const Alpha& alpha : alphas()) {
    double apart = 0.0;
    for (int k = 1; k < 8; ++k) {
      const double t = 1 - (k - 1) / 8.0, s = 1 - k / 8.0;
      if (alpha.at(t) <= 0) continue;  // sigma is infinite there
      // Scores of two tokens of probability 0.7 and 0.3, and of the mask; then those at the step's
      // other end, times the transition from the mask.
      const double gone = std::log(alpha.at(s) / alpha.at(t)), grow = std::exp(gone),
                   odds = alpha.at(t) / (1 - alpha.at(t));
      const double token = grow * odds * 0.7 * (1 - 1 / grow),
                   mask = grow * 1 + (1 - grow) * (odds * 0.7 + odds * 0.3 + 1);
      const double exact = (alpha.at(s) - alpha.at(t)) / (1 - alpha.at(t));
      CHECK(token == doctest::Approx(0.7 * exact));
      CHECK(mask == doctest::Approx(1 - exact));
    }
    const auto exact = filled_in(alpha.at, 8, false), euler = filled_in(alpha.at, 8, true);
    for (std::size_t k = 0; k < 8; ++k) apart += std::abs(exact[k] - euler[k]) / 2;
    CAPTURE(alpha.name);
    CHECK((alpha.name == std::string("linear") ? apart < 1e-6 : apart > 0.03));
  }
}
