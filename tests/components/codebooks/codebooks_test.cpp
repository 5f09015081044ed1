#include <set>

#include "tests/contracts/codebook_contract.h"

using namespace assay;
using namespace assay::testing;
using nn::Tensor;

namespace {

nn::Parameters declared(const Codebook& codebook, int features, std::uint64_t seed = 3) {
  nn::Parameters out;
  codebook.declare(out, "codebook", features, Stream(seed));
  return out;
}

double squared_error(const Tensor& a, const Tensor& b) {
  double total = 0.0;
  for (std::int64_t i = 0; i < a.count(); ++i) total += std::pow(a.get(i) - b.get(i), 2);
  return total;
}

// Two vectors in the plane and four rows: codes 0, 0, 1, 1.
const Tensor kVectors = Tensor::of({2, 2}, std::vector<double>{0, 0, 4, 0});
const Tensor kRows = Tensor::of({4, 2}, std::vector<double>{1, 0, 0, 1, 3, 0, 6, 2});

void check_values(const Tensor& found, const std::vector<double>& expected) {
  REQUIRE(found.count() == static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(found.get(static_cast<std::int64_t>(i)) == doctest::Approx(expected[i]));
}

}  // namespace

TEST_CASE("every codebook keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("codebook")) codebook_contract(text);
  for (const char* text :
       {"{ use = \"vq\", codes = 7 }", "{ use = \"vq\", codes = 7, restart = 2.0 }",
        "{ use = \"fsq\", levels = [3, 4, 2, 5] }", "{ use = \"lfq\", bits = 4 }",
        "{ use = \"lfq\", bits = 2, entropy = 0.0 }", "{ use = \"residual-vq\", stages = 4 }"})
    codebook_contract(text);
}

TEST_CASE("vq takes the nearest vector, as a plain search finds it") {
  const auto codebook = build<Codebook>("{ use = \"vq\", codes = 19 }");
  const nn::Parameters parameters = declared(*codebook, 5).to(nn::Dtype::kFloat64);
  const Tensor x = Tensor::normal({60, 5}, 1.0, Stream(6), nn::Dtype::kFloat64);
  const Quantized out = quantize(*codebook, parameters, x);
  const Tensor& e = parameters.get("codebook.vectors").value;
  for (int i = 0; i < 60; ++i) {
    std::vector<double> distances(19);
    for (int c = 0; c < 19; ++c)
      for (int j = 0; j < 5; ++j)
        distances[static_cast<std::size_t>(c)] += std::pow(x.at(i, j) - e.at(c, j), 2);
    const auto best = std::min_element(distances.begin(), distances.end()) - distances.begin();
    CHECK(out.codes[static_cast<std::size_t>(i)] == best);
    for (int j = 0; j < 5; ++j) CHECK(out.value.at(i, j) == e.at(static_cast<int>(best), j));
  }
}

TEST_CASE("losses and gradients of vq by hand") {
  const auto codebook = build<Codebook>("{ use = \"vq\", codes = 2, beta = 0.5 }");
  nn::Parameters parameters = declared(*codebook, 2);
  parameters.get("codebook.vectors").value = kVectors;
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(1));
  const nn::Var x = tape.leaf(kRows);
  const Coded out = codebook->quantize(pass, "codebook", x);
  CHECK(std::vector<int>(out.codes.begin(), out.codes.end()) == std::vector<int>{0, 0, 1, 1});
  // Squared distances 1, 1, 1, 8 over 4 rows of 2.
  REQUIRE(pass.losses().size() == 2);
  CHECK(tape.scalar(pass.losses()[0].value) == doctest::Approx(0.5 * 11 / 8));
  CHECK(tape.scalar(pass.losses()[1].value) == doctest::Approx(11.0 / 8));
  tape.backward(total_loss(nn::sum(out.value), pass));
  // Straight through 1, and beta 2 (x - e) / 8; the vectors 2 (e - x) / 8 of their rows.
  check_values(tape.gradient(x), {1.125, 1, 1, 1.125, 0.875, 1, 1.25, 1.25});
  check_values(*tape.gradient_of(parameters.get("codebook.vectors")), {-0.25, -0.25, -0.25, -0.5});
}

TEST_CASE("moving averages of vq by hand") {
  const auto codebook = build<Codebook>("{ use = \"vq\", codes = 2, ema = true, decay = 0.75 }");
  nn::Parameters parameters = declared(*codebook, 2);
  parameters.get("codebook.vectors").value = kVectors;
  parameters.get("codebook.sums").value = kVectors;
  const nn::Parameters moved = codebook_step(*codebook, parameters, kRows, nullptr);
  // N = 0.75 + 0.25 * 2; m = 0.75 (0, 0) + 0.25 (1, 1) and 0.75 (4, 0) + 0.25 (9, 2).
  check_values(moved.get("codebook.usage").value, {1.25, 1.25});
  check_values(moved.get("codebook.sums").value, {0.25, 0.25, 5.25, 0.5});
  check_values(moved.get("codebook.vectors").value, {0.2, 0.2, 4.2, 0.4});
}

TEST_CASE("a vector that no row takes stays where it is, however long") {
  const auto codebook = build<Codebook>("{ use = \"vq\", codes = 2, ema = true, decay = 0.1 }");
  nn::Parameters parameters = declared(*codebook, 2);
  const Tensor vectors = Tensor::of({2, 2}, std::vector<double>{0, 0, 50, 60});
  parameters.get("codebook.vectors").value = vectors;
  parameters.get("codebook.sums").value = vectors;
  for (int step = 0; step < 100; ++step)
    parameters = codebook_step(*codebook, parameters, kRows, nullptr);
  const Tensor& after = parameters.get("codebook.vectors").value;
  CHECK(after.at(1, 0) == doctest::Approx(50));
  CHECK(after.at(1, 1) == doctest::Approx(60));
}

TEST_CASE("vectors that are not used become rows of the batch, no two the same") {
  for (const char* ema : {"true", "false"}) {
    const auto codebook = build<Codebook>(
        "{ use = \"vq\", codes = 4, decay = 0.5, restart = 0.9, "
        "ema = " +
        std::string(ema) + " }");
    nn::Parameters parameters = declared(*codebook, 2);
    const Tensor vectors = Tensor::of({4, 2}, std::vector<double>{2, 1, 90, 90, 91, 91, 92, 92});
    parameters.get("codebook.vectors").value = vectors;
    if (nn::Parameter* sums = parameters.find("codebook.sums")) sums->value = vectors;
    const nn::Parameters moved = codebook_step(*codebook, parameters, kRows, nullptr);
    const Tensor& after = moved.get("codebook.vectors").value;
    std::set<int> rows;
    for (int c = 1; c < 4; ++c)
      for (int i = 0; i < 4; ++i)
        if (after.at(c, 0) == kRows.at(i, 0) && after.at(c, 1) == kRows.at(i, 1)) rows.insert(i);
    CHECK(rows.size() == 3);
    check_values(moved.get("codebook.usage").value, {0.5 + 0.5 * 4, 1, 1, 1});
  }
}

TEST_CASE("the error of residual-vq falls with each stage, and its value is the sum of them") {
  const auto codebook = build<Codebook>(
      "{ use = \"residual-vq\", codes = 8, stages = 4, ema = "
      "true, decay = 0.5, restart = 0.5 }");
  nn::Parameters parameters = declared(*codebook, 3);
  const Tensor x = Tensor::normal({200, 3}, 1.0, Stream(4));
  for (int step = 0; step < 30; ++step)
    parameters = codebook_step(*codebook, parameters, x, nullptr);
  const Quantized out = quantize(*codebook, parameters, x);
  Tensor sum(x.shape());
  double before = squared_error(x, sum);
  for (int stage = 0; stage < 4; ++stage) {
    const Tensor& e =
        parameters.get("codebook.stage" + std::to_string(stage + 1) + ".vectors").value;
    for (int i = 0; i < 200; ++i) {
      const int code = out.codes[static_cast<std::size_t>(i * 4 + stage)];
      for (int j = 0; j < 3; ++j)
        sum.set(i * 3 + j, static_cast<float>(sum.at(i, j)) + static_cast<float>(e.at(code, j)));
    }
    const double error = squared_error(x, sum);
    CHECK(error < 0.7 * before);
    before = error;
  }
  for (std::int64_t i = 0; i < x.count(); ++i)
    CHECK(out.value.get(i) == doctest::Approx(sum.get(i)));
}

TEST_CASE("fsq reaches each of its levels and no other value") {
  const auto codebook = build<Codebook>("{ use = \"fsq\", levels = [3, 4] }");
  std::vector<double> grid;
  for (int a = -40; a <= 40; ++a)
    for (int b = -40; b <= 40; ++b) grid.insert(grid.end(), {0.1 * a, 0.1 * b});
  const Tensor x = Tensor::of({81 * 81, 2}, grid);
  const Quantized out = quantize(*codebook, {}, x);
  const double odd[] = {-1, 0, 1}, even[] = {-1, -0.5, 0, 0.5};
  std::set<int> seen;
  for (int i = 0; i < x.shape()[0]; ++i) {
    const int code = out.codes[static_cast<std::size_t>(i)];
    seen.insert(code);
    CHECK(out.value.at(i, 0) == odd[code % 3]);
    CHECK(out.value.at(i, 1) == even[code / 3]);
  }
  CHECK(seen.size() == 12);
  // Zero is in the middle of a level, of an even count too: on both sides of it lies level 2 of 4.
  const Tensor about = Tensor::of({2, 2}, std::vector<double>{0, -0.2, 0, 0.2});
  CHECK(quantize(*codebook, {}, about).codes == std::vector<int>{1 + 3 * 2, 1 + 3 * 2});
}

TEST_CASE("the gradient of fsq is that of its bound") {
  const auto codebook = build<Codebook>("{ use = \"fsq\", levels = [5] }");
  Tensor gradient;
  (void)codebook_step(*codebook, {}, Tensor::of({1, 1}, std::vector<double>{0.3}), &gradient);
  const double slope = 1 - std::pow(std::tanh(0.3), 2);
  CHECK(gradient.get(0) == doctest::Approx(slope * 4 * (1 - 1e-3) / 2 / 2));
}

TEST_CASE("losses of lfq by hand") {
  // T = 4: p = sigmoid(z) = 3/4, 1/4 in row one, 1/4, 1/4 in row two.
  const auto codebook = build<Codebook>(
      "{ use = \"lfq\", bits = 2, entropy = 0.5, diversity = 2.0, temperature = 4.0 }");
  const double z = std::log(3.0);
  const Tensor x = Tensor::of({2, 2}, std::vector<double>{z, -z, -z, -z});
  const Quantized out = quantize(*codebook, {}, x, true);
  CHECK(out.codes == std::vector<int>{1, 0});
  check_values(out.value, {1, -1, -1, -1});
  const auto h = [](double p) { return -p * std::log(p); };
  // Codes 00, 10, 01, 11 (bit one first): 3, 9, 1, 3 and 9, 3, 3, 1 of 16; the mean 6, 6, 2, 2.
  const double own = 2 * (h(0.75) + h(0.25)), all = 2 * h(6.0 / 16) + 2 * h(2.0 / 16);
  CHECK(out.loss == doctest::Approx(0.5 * (own - 2.0 * all) + 0.25 * std::pow(z - 1, 2)));
}

TEST_CASE("losses of lfq have true gradients") {
  const auto codebook = build<Codebook>("{ use = \"lfq\", bits = 3 }");
  const nn::Parameters parameters = declared(*codebook, 4);
  const Tensor x = Tensor::normal({9, 4}, 1.0, Stream(4));
  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(7));
    (void)codebook->quantize(pass, "codebook", tape.constant(x));
    return nn::add(pass.losses()[0].value, pass.losses()[1].value);
  };
  CHECK(gradient_error(jittered(parameters), loss) < 1e-5);
}

TEST_CASE("codebooks refuse what cannot be") {
  CHECK(error_of<Codebook>("{ use = \"fsq\", levels = [256, 257] }") ==
        "it.levels make more than 65536 codes");
  CHECK(error_of<Codebook>("{ use = \"vq\", codes = 1 }") ==
        "it.codes = 1 is out of range; allowed: 2 to 65536 codes");
}
