#include <cmath>

#include "components/objectives/objective.h"
#include "tests/components/support.h"

using namespace assay;
using namespace assay::testing;

namespace {

double loss_at(const Model& m, const Objective& objective, const nn::Parameters& parameters,
               const DataFormat& format, const Examples& batch, nn::Tape& tape) {
  tape.reset();
  nn::Forward pass(tape, parameters, true, Stream(9));
  nn::Var total = objective.loss(pass, m, format, batch);
  for (const auto& extra : pass.losses()) total = nn::add(total, extra.value);
  tape.backward(total);
  return tape.scalar(total);
}

}  // namespace

TEST_CASE("the gradient of every model agrees with central differences in double") {
  const std::pair<const char*, const char*> cases[] = {
      {"\"linear\"", "\"cross-entropy\""},
      {"{ use = \"mlp\", hidden = [5], activation = \"gelu\", input_gate = \"sigmoid\", "
       "hidden_gate = \"hard-concrete\" }",
       "\"cross-entropy\""},
      {"{ use = \"moe-mlp\", hidden = 5, experts = 3, expert_hidden = 4 }", "\"cross-entropy\""},
      {"{ use = \"autoencoder\", hidden = 5, code = 2 }", "\"mse\""}};
  for (const auto& one : cases) {
    const char *text = one.first, *goal = one.second;
    CAPTURE(text);
    TrainedModel m = model(text, 4, 3);
    nn::Parameters parameters = m.parameters.to(nn::Dtype::kFloat64);
    // Away from zero biases: there a row of dead units lies exactly on the kink of the next ReLU.
    Stream jitter(11);
    for (nn::Parameter& p : parameters)
      for (std::int64_t i = 0; i < p.value.count(); ++i)
        p.value.set(i, p.value.get(i) + 0.1 * jitter.normal());
    const Examples batch = examples(7, 4, 3, 2);
    const auto objective = build<Objective>(goal);
    nn::Tape tape(nn::Dtype::kFloat64), other(nn::Dtype::kFloat64);
    (void)loss_at(*m.model, *objective, parameters, m.format, batch, tape);
    for (nn::Parameter& p : parameters) {
      const nn::Tensor* gradient = tape.gradient_of(p);
      if (!gradient) continue;  // an expert without rows
      for (std::int64_t i = 0; i < p.value.count(); i += 3) {
        const double x = p.value.get(i), h = 1e-6;
        p.value.set(i, x + h);
        const double up = loss_at(*m.model, *objective, parameters, m.format, batch, other);
        p.value.set(i, x - h);
        const double down = loss_at(*m.model, *objective, parameters, m.format, batch, other);
        p.value.set(i, x);
        CAPTURE(p.name);
        CHECK(gradient->get(i) == doctest::Approx((up - down) / (2 * h)).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("a model comes back from its archive with the same outputs") {
  const TrainedModel m = model("{ use = \"moe-mlp\", hidden = 5, experts = 3 }", 4, 3);
  Archive archive;
  m.save(archive);
  const Examples data = examples(600, 4, 3, 2);
  CHECK(TrainedModel::load(archive)->outputs(data) == m.outputs(data));
  CHECK(m.activations(data, "mixture").shape() == nn::Shape{600, 5});
  CHECK_THROWS(m.activations(data, "nowhere"));
}

TEST_CASE("an expert's site holds the examples routed to it, and sites are those of all examples") {
  const TrainedModel m = model(
      "{ use = \"moe-mlp\", hidden = 5, experts = 6, router = { use = \"topk-softmax\", k = 1 } }",
      4, 3);
  const Examples data = examples(60, 4, 3, 2);
  int routed = 0, experts = 0;
  for (const std::string& site : m.sites(data)) {
    if (site.rfind("experts.", 0) != 0 || !site.ends_with(".up")) continue;
    ++experts;
    routed += m.activations(data, site).shape()[0];
  }
  CHECK(routed == 60);
  CHECK(experts > 1);
  std::string why;
  try {
    (void)m.activations(examples(1, 4, 3, 2), "experts.99.up");
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  CHECK(
      why.rfind("no example reaches a site \"experts.99.up\" of the model; sites reached: input, ",
                0) == 0);
}
