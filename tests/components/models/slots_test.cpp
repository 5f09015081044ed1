#include "components/models/slot_attention.h"
#include "tests/contracts/model_contract.h"

using namespace assay;
using namespace assay::testing;
using nn::Tensor;

namespace {

using Matrix = std::vector<std::vector<double>>;

// Plain loops for what the operations do: x wᵀ + b, and layer normalisation with gain 1 and bias 0.
Matrix times(const Matrix& x, const nn::Parameters& parameters, const std::string& layer) {
  const Tensor& w = parameters.get(layer + ".weight").value;
  const nn::Parameter* bias = parameters.find(layer + ".bias");
  Matrix out;
  for (const auto& row : x) {
    out.emplace_back();
    for (int o = 0; o < w.shape()[0]; ++o) {
      double sum = bias ? bias->value.get(o) : 0.0;
      for (int j = 0; j < w.shape()[1]; ++j) sum += w.at(o, j) * row[static_cast<std::size_t>(j)];
      out.back().push_back(sum);
    }
  }
  return out;
}
Matrix normalised(Matrix x) {
  for (auto& row : x) {
    const auto d = static_cast<double>(row.size());
    double mean = 0.0, variance = 0.0;
    for (const double value : row) mean += value / d;
    for (const double value : row) variance += (value - mean) * (value - mean) / d;
    for (double& value : row) value = (value - mean) / std::sqrt(variance + 1e-5);
  }
  return x;
}
double logistic(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

// Wᵀ v with W the attention over slots, each slot's normalised over the rows.
Matrix seen_by(const Matrix& queries, const Matrix& keys, const Matrix& values) {
  const std::size_t slots = queries.size(), width = queries[0].size();
  Matrix sums(slots, std::vector<double>(width));
  std::vector<double> totals(slots);
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::vector<double> share(slots);
    double norm = 0.0;
    for (std::size_t s = 0; s < slots; ++s) {
      double dot = 0.0;
      for (std::size_t j = 0; j < width; ++j) dot += keys[i][j] * queries[s][j];
      norm += share[s] = std::exp(dot / std::sqrt(static_cast<double>(width)));
    }
    for (std::size_t s = 0; s < slots; ++s) {
      totals[s] += share[s] / norm;
      for (std::size_t j = 0; j < width; ++j) sums[s][j] += share[s] / norm * values[i][j];
    }
  }
  for (std::size_t s = 0; s < slots; ++s)
    for (double& value : sums[s]) value /= totals[s];
  return sums;
}

// One iteration of algorithm 1 on slots s and inputs x.
Matrix iterate(const Matrix& s, const Matrix& x, const nn::Parameters& p) {
  const Matrix in = normalised(x);
  const Matrix seen = seen_by(times(normalised(s), p, "slots.queries"), times(in, p, "slots.keys"),
                              times(in, p, "slots.values"));
  const Matrix a = times(seen, p, "slots.gru_input"), b = times(s, p, "slots.gru_state");
  Matrix out = s;
  const std::size_t d = s[0].size();
  for (std::size_t i = 0; i < s.size(); ++i)
    for (std::size_t j = 0; j < d; ++j) {
      const double reset = logistic(a[i][j] + b[i][j]), keep = logistic(a[i][d + j] + b[i][d + j]);
      const double fresh = std::tanh(a[i][2 * d + j] + reset * b[i][2 * d + j]);
      out[i][j] = keep * s[i][j] + (1 - keep) * fresh;
    }
  Matrix inner = times(normalised(out), p, "slots.mlp1");
  for (auto& row : inner)
    for (double& value : row) value = std::max(0.0, value);
  const Matrix more = times(inner, p, "slots.mlp2");
  for (std::size_t i = 0; i < s.size(); ++i)
    for (std::size_t j = 0; j < d; ++j) out[i][j] += more[i][j];
  return out;
}

Matrix rows_of(const Tensor& t, int first, int count) {
  Matrix out;
  for (int i = first; i < first + count; ++i) {
    out.emplace_back();
    for (int j = 0; j < t.shape().back(); ++j) out.back().push_back(t.at(i, j));
  }
  return out;
}

Tensor slots_after(int iterations, const nn::Parameters& parameters, const Tensor& x, int batch) {
  nn::Tape tape(nn::Dtype::kFloat64);
  nn::Forward pass(tape, parameters, false, Stream(1));
  return tape.value(
      SlotAttention{3, iterations, 4, 5}.apply(pass, "slots", tape.constant(x), batch));
}

}  // namespace

TEST_CASE("slot attention iterates as plain loops over algorithm 1 do") {
  nn::Parameters parameters;
  SlotAttention{3, 1, 4, 5}.declare(parameters, "slots", 6, Stream(2));
  parameters = parameters.to(nn::Dtype::kFloat64);
  const Tensor x = Tensor::normal({2 * 7, 6}, 1.0, Stream(3), nn::Dtype::kFloat64);
  const Tensor start = slots_after(0, parameters, x, 2), after = slots_after(2, parameters, x, 2);
  for (const int example : {0, 1}) {
    const Matrix in = rows_of(x, 7 * example, 7);
    const Matrix expected =
        iterate(iterate(rows_of(start, 3 * example, 3), in, parameters), in, parameters);
    for (int slot = 0; slot < 3; ++slot)
      for (int j = 0; j < 4; ++j)
        CHECK(after.at(3 * example + slot, j) ==
              doctest::Approx(expected[static_cast<std::size_t>(slot)][static_cast<std::size_t>(j)])
                  .epsilon(1e-6));  // e = 1e-8 in the source
  }
}

TEST_CASE("first slots are one draw for all in evaluation, and new ones in training") {
  nn::Parameters parameters;
  SlotAttention{3, 0, 4, 5}.declare(parameters, "slots", 6, Stream(2));
  const auto first = [&](bool training, std::uint64_t seed) {
    nn::Tape tape;
    nn::Forward pass(tape, parameters, training, Stream(seed));
    const nn::Var x = tape.constant(Tensor({2 * 7, 6}));
    return rows_of(tape.value(SlotAttention{3, 0, 4, 5}.apply(pass, "slots", x, 2)), 0, 6);
  };
  const Matrix fixed = first(false, 1), drawn = first(true, 1);
  CHECK(first(false, 2) == fixed);
  CHECK(fixed[0] == fixed[3]);
  CHECK(fixed[0] != fixed[1]);
  CHECK(drawn[0] != drawn[3]);
  CHECK(first(true, 1) == drawn);
  CHECK(first(true, 2) != drawn);
}

TEST_CASE("a slot autoencoder puts patches where they belong and shares pixels among slots") {
  TrainedModel m =
      model("{ use = \"slot-autoencoder\", slots = 2, width = 3, hidden = 4, patch = 2 }", 16, 0);
  const Examples data = examples(600, 16, 1, 4);
  std::vector<nn::Forward::Statistic> statistics;
  const Tensor before = m.outputs(data, {}, &statistics);
  REQUIRE(statistics.size() == 2);  // batches
  REQUIRE(statistics[1].name == "slots.masks");
  const Tensor& masks = statistics[1].value;
  REQUIRE(masks.shape() == nn::Shape{600 - 512, 2, 16});
  for (int image = 0; image < 600 - 512; ++image)
    for (int pixel = 0; pixel < 16; ++pixel)
      CHECK(masks.get(image * 32 + pixel) + masks.get(image * 32 + 16 + pixel) ==
            doctest::Approx(1.0));
  CHECK(m.activations(data, "masks").shape() == nn::Shape{600 * 16, 2});
  CHECK(m.activations(data, "slots").shape() == nn::Shape{600 * 2, 3});
  // An example's output does not depend on the others.
  const int last[] = {599};
  const Tensor alone = m.outputs(data.select(last, m.format));
  for (int j = 0; j < 16; ++j) CHECK(alone.get(j) == doctest::Approx(before.at(599, j)));

  // A decoder that gives the pixels of each patch the values 1, 2, 3, 4 and slot two no share.
  m.parameters.get("decoder3.weight").value.fill(0.0);
  for (int i = 0; i < 4; ++i) m.parameters.get("decoder3.bias").value.set(i, i + 1);
  const Tensor out = m.outputs(data);
  for (int pixel = 0; pixel < 16; ++pixel)
    CHECK(out.at(0, pixel) == doctest::Approx(1 + pixel / 4 % 2 * 2 + pixel % 2));
}

TEST_CASE("a slot autoencoder of any patch keeps the contract, and refuses other data") {
  model_contract(
      "{ use = \"slot-autoencoder\", slots = 3, iterations = 1, width = 2, hidden = 2, patch = 1 "
      "}");
  model_contract(
      "{ use = \"slot-autoencoder\", slots = 1, iterations = 3, width = 2, hidden = 2, patch = 4 "
      "}");
  nn::Parameters unused;
  CHECK_THROWS_WITH(
      build<Model>("\"slot-autoencoder\"")->declare(unused, {false, 9, 0, 1, 0}, Stream(1)),
      "slot-autoencoder reads square images whose side is a multiple of 2, not 9 features");
}
