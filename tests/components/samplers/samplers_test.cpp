#include <cmath>

#include "components/samplers/sampler.h"
#include "tests/components/support.h"

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
