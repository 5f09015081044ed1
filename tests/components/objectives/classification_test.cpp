// Objectives of classifiers against formulas written out with plain loops.
#include <cmath>

#include "tests/contracts/objective_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

constexpr int kClasses = 3;

// A linear model whose logits are its inputs.
TrainedModel identity() {
  TrainedModel out = model("\"linear\"", kClasses, kClasses);
  nn::Tensor& w = out.parameters.get("output.weight").value;
  w.fill(0.0);
  for (int i = 0; i < kClasses; ++i) w.set(i * kClasses + i, 1.0);
  out.parameters.get("output.bias").value.fill(0.0);
  return out;
}

Examples logits() {
  Examples out;
  out.count = 2;
  out.features = nn::Tensor::of({2, 3}, std::vector<double>{1.0, -0.5, 0.3, 2.0, 2.0, -1.0});
  out.labels = {0, 2};
  return out;
}

std::vector<double> softmax(const nn::Tensor& x, int row, double temperature = 1.0) {
  std::vector<double> out;
  double total = 0.0;
  for (int c = 0; c < kClasses; ++c)
    total += out.emplace_back(std::exp(x.at(row, c) / temperature));
  for (double& p : out) p /= total;
  return out;
}

double loss(const std::string& objective, const Examples& batch, nn::Tensor* memory = nullptr) {
  const TrainedModel m = identity();
  nn::Tape tape;
  nn::Forward pass(tape, m.parameters, true, Stream(1));
  pass.set_memory(memory);
  return tape.scalar(build<Objective>(objective)->loss(pass, *m.model, m.format, batch));
}

// The mean over both examples of a function of the probabilities and the label.
template <class F>
double mean_of(const F& f) {
  const Examples batch = logits();
  double total = 0.0;
  for (int i = 0; i < 2; ++i)
    total += f(softmax(batch.features, i), static_cast<std::size_t>(batch.labels[i])) / 2.0;
  return total;
}

}  // namespace

TEST_CASE("label-smoothing spreads a share over all classes") {
  const double expected = mean_of([](const std::vector<double>& p, std::size_t y) {
    double out = 0.0;
    for (std::size_t c = 0; c < p.size(); ++c)
      out -= ((c == y ? 0.8 : 0.0) + 0.2 / kClasses) * std::log(p[c]);
    return out;
  });
  CHECK(loss("{ use = \"label-smoothing\", epsilon = 0.2 }", logits()) ==
        doctest::Approx(expected));
  CHECK(loss("{ use = \"label-smoothing\", epsilon = 0.0 }", logits()) ==
        doctest::Approx(loss("\"cross-entropy\"", logits())));
}

TEST_CASE("focal leaves aside what is easy, and is the cross-entropy without gamma") {
  const double expected = mean_of([](const std::vector<double>& p, std::size_t y) {
    return -std::pow(1.0 - p[y], 1.5) * std::log(p[y]);
  });
  CHECK(loss("{ use = \"focal\", gamma = 1.5 }", logits()) == doctest::Approx(expected));
  CHECK(loss("{ use = \"focal\", gamma = 0.0 }", logits()) ==
        doctest::Approx(loss("\"cross-entropy\"", logits())));
  Examples sure = logits();
  sure.features = nn::Tensor::of({2, 3}, std::vector<double>{200, 0, 0, 0, 0, 200});
  CHECK(loss("\"focal\"", sure) == doctest::Approx(0.0));
}

TEST_CASE("symmetric-cross-entropy adds the reverse one, log 0 being A") {
  const double expected = mean_of([](const std::vector<double>& p, std::size_t y) {
    double reverse = 0.0;
    for (std::size_t c = 0; c < p.size(); ++c) reverse -= p[c] * (c == y ? 0.0 : -4.0);
    return 0.5 * -std::log(p[y]) + 2.0 * reverse;
  });
  CHECK(loss("{ use = \"symmetric-cross-entropy\", alpha = 0.5, beta = 2.0 }", logits()) ==
        doctest::Approx(expected));
}

TEST_CASE("kl-distillation weighs the teacher's divergence against the labels") {
  Examples batch = logits();
  batch.teacher = nn::Tensor::of({2, 3}, std::vector<double>{0.0, 1.0, 2.0, -1.0, 0.5, 0.0});
  double divergence = 0.0;
  for (int i = 0; i < 2; ++i) {
    const auto t = softmax(batch.teacher, i, 2.0), s = softmax(batch.features, i, 2.0);
    for (std::size_t c = 0; c < t.size(); ++c) divergence += t[c] * std::log(t[c] / s[c]) / 2.0;
  }
  const double labels = loss("\"cross-entropy\"", batch);
  CHECK(loss("{ use = \"kl-distillation\", temperature = 2.0, alpha = 0.7 }", batch) ==
        doctest::Approx(0.7 * 4.0 * divergence + 0.3 * labels));
  batch.teacher = batch.features;
  CHECK(loss("{ use = \"kl-distillation\", alpha = 1.0 }", batch) == doctest::Approx(0.0));
  batch.teacher = {};
  std::string why;
  try {
    (void)loss("\"kl-distillation\"", batch);
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  CHECK(why == "kl-distillation needs a teacher: the input teacher of its stage");
}

TEST_CASE("elr follows each example's outputs and holds on to them") {
  Examples batch = logits();
  batch.rows = {4, 1};  // of six examples
  const auto objective = build<Objective>("{ use = \"elr\", lambda = 2.0, beta = 0.6 }");
  nn::Tensor memory = objective->memory(identity().format, 6);
  CHECK(memory.shape() == nn::Shape{6, kClasses});
  std::vector<std::vector<double>> follow(2, std::vector<double>(kClasses));
  for (int step = 0; step < 3; ++step) {
    double expected = loss("\"cross-entropy\"", batch);
    for (int i = 0; i < 2; ++i) {
      const auto p = softmax(batch.features, i);  // all within [1e-4, 1 - 1e-4]
      double agreed = 0.0;
      for (std::size_t c = 0; c < p.size(); ++c) {
        double& t = follow[static_cast<std::size_t>(i)][c];
        t = 0.6 * t + 0.4 * p[c];
        agreed += t * p[c];
      }
      expected += 2.0 * std::log(1.0 - agreed) / 2.0;
    }
    CHECK(loss("{ use = \"elr\", lambda = 2.0, beta = 0.6 }", batch, &memory) ==
          doctest::Approx(expected));
  }
  for (int c = 0; c < kClasses; ++c) {
    CHECK(memory.at(4, c) == doctest::Approx(follow[0][static_cast<std::size_t>(c)]));
    CHECK(memory.at(0, c) == 0.0);
  }
}

TEST_CASE("info-nce of views without noise, written out") {
  const Examples batch = logits();
  // Both views are the batch: cosines of four rows, each one's partner two places on.
  std::vector<std::vector<double>> z;
  for (int i = 0; i < 4; ++i) {
    std::vector<double> row;
    double norm = 0.0;
    for (int c = 0; c < kClasses; ++c)
      norm += std::pow(row.emplace_back(batch.features.at(i % 2, c)), 2);
    for (double& value : row) value /= std::sqrt(norm);
    z.push_back(row);
  }
  double expected = 0.0;
  for (std::size_t i = 0; i < 4; ++i) {
    double total = 0.0, partner = 0.0;
    for (std::size_t j = 0; j < 4; ++j) {
      if (j == i) continue;
      double cosine = 0.0;
      for (std::size_t c = 0; c < kClasses; ++c) cosine += z[i][c] * z[j][c];
      total += std::exp(cosine / 0.5);
      if (j == (i + 2) % 4) partner = cosine / 0.5;
    }
    expected += (std::log(total) - partner) / 4.0;
  }
  CHECK(loss("{ use = \"info-nce\", noise = 0.0 }", batch) == doctest::Approx(expected));
}
