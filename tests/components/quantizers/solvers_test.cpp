// Quantizers that look at a layer's inputs, against slow versions, enumeration and cases by hand.
#include <cmath>

#include "components/quantizers/hadamard.h"
#include "components/quantizers/rounding_choice.h"
#include "tests/components/correlated_layer.h"
#include "tests/contracts/quantizer_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

Matrix quantized(const CorrelatedLayer& c, const std::string& text, std::uint64_t seed = 0) {
  TrainedModel out = c.model;
  build<Quantizer>(text)->quantize(out, c.calibration, Stream(seed));
  return CorrelatedLayer::rows_of(out);
}

double largest_gap(const Matrix& a, const Matrix& b) {
  double out = 0.0;
  for (std::size_t r = 0; r < a.size(); ++r)
    for (std::size_t j = 0; j < a[r].size(); ++j) out = std::max(out, std::abs(a[r][j] - b[r][j]));
  return out;
}

double step_of(const std::vector<double>& row, std::size_t first, std::size_t last, double most) {
  double size = 0.0;
  for (std::size_t j = first; j < last; ++j) size = std::max(size, std::abs(row[j]));
  return size / most;
}

double nearest(double w, double step, double most) {
  return std::clamp(std::nearbyint(w / step), -most, most) * step;
}

// Columns in this order, the inverse Hessian of the columns left computed anew at each; a scale for
// every `group` columns fitted on the way where the order is natural, beforehand where it is not.
Matrix gptq_by_hand(const CorrelatedLayer& c, int bits, std::size_t group, bool natural) {
  Matrix w = c.weights;
  const std::size_t n = c.hessian.size();
  const double most = (1 << (bits - 1)) - 1;
  std::vector<std::size_t> left(n);
  std::iota(left.begin(), left.end(), 0);
  if (!natural)
    std::stable_sort(left.begin(), left.end(), [&](std::size_t a, std::size_t b) {
      return c.hessian[a][a] > c.hessian[b][b];
    });
  std::vector<std::vector<double>> steps(w.size(), std::vector<double>(n));
  for (std::size_t r = 0; r < w.size(); ++r)
    for (std::size_t j = 0; j < n; ++j)
      steps[r][j] = step_of(w[r], j / group * group, std::min(n, (j / group + 1) * group), most);
  while (!left.empty()) {
    const Matrix inv = inverse(part(c.hessian, left));
    const std::size_t j = left[0];
    for (std::size_t r = 0; r < w.size(); ++r) {
      if (natural && j % group == 0)
        for (std::size_t k = j; k < std::min(n, j + group); ++k)
          steps[r][k] = step_of(w[r], j, std::min(n, j + group), most);
      const double q = nearest(w[r][j], steps[r][j], most), error = (w[r][j] - q) / inv[0][0];
      for (std::size_t k = 0; k < left.size(); ++k) w[r][left[k]] -= error * inv[0][k];
      w[r][j] = q;
    }
    left.erase(left.begin());
  }
  return w;
}

}  // namespace

TEST_CASE("gptq is the surgeon that inverts anew at each column") {
  for (const int columns : {5, 9, 12})
    for (const int block : {3, 128})
      for (const bool natural : {true, false})
        for (const int group : {4, 100}) {
          CAPTURE(columns);
          CAPTURE(natural);
          CAPTURE(group);
          const CorrelatedLayer c(4, columns, columns);
          const Matrix fast =
              quantized(c, "{ use = \"gptq\", bits = 3, granularity = \"group\", group = " +
                               std::to_string(group) + ", block = " + std::to_string(block) +
                               ", order = \"" + (natural ? "natural" : "activation") + "\" }");
          // Weights of order one, kept as floats. A tie of a rounding would show as a whole step.
          CHECK(largest_gap(fast, gptq_by_hand(c, 3, static_cast<std::size_t>(group), natural)) <
                1e-5);
        }
}

TEST_CASE("what looks at correlated inputs changes outputs less than rounding to nearest") {
  for (int seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const CorrelatedLayer c(8, 16, 200 + seed);
    for (const std::string options : {"bits = 2", "bits = 3", "bits = 4"}) {
      CAPTURE(options);
      const auto error = [&](const std::string& name, const std::string& more) {
        return c.error(quantized(c, "{ use = \"" + name + "\", " + options + more + " }"));
      };
      const double plain = error("round-to-nearest", ""), gptq = error("gptq", "");
      CHECK(gptq < plain);
      CHECK(error("gptq", ", order = \"activation\"") < plain);
      // With an exponent of 0 it is rounding to nearest. Damping counts here, not there.
      CHECK(error("awq", ", granularity = \"row\", symmetric = true") < 1.05 * plain);
    }
  }
}

TEST_CASE("gptq rounds pruned weights to 0 and makes up for them") {
  CorrelatedLayer c(8, 16, 3);
  nn::Parameter& w = c.model.parameters.get("output.weight");
  w.mask = nn::Tensor::full(w.value.shape(), 1.0);
  for (std::int64_t i = 0; i < w.value.count(); i += 5) w.mask.set(i, 0.0);
  c.model.parameters.apply_masks();
  c.weights = CorrelatedLayer::rows_of(c.model);
  const Matrix out = quantized(c, "{ use = \"gptq\", bits = 3 }");
  for (std::int64_t i = 0; i < w.value.count(); i += 5)
    CHECK(out[static_cast<std::size_t>(i) / 16][static_cast<std::size_t>(i) % 16] == 0.0);
  CHECK(c.error(out) < c.error(quantized(c, "{ use = \"round-to-nearest\", bits = 3 }")));
}

TEST_CASE("adaround finds the best roundings of a row in most draws") {
  int found = 0, nearest_best = 0;
  double learnt = 0.0, plain = 0.0, best = 0.0;
  constexpr std::size_t kInputs = 5;
  for (int seed = 0; seed < 20; ++seed) {
    CorrelatedLayer c(1, kInputs, 300 + seed);
    // Errors of this layer are large: with less regularisation h would stay between 0 and 1.
    const Matrix out = quantized(
        c,
        "{ use = \"adaround\", bits = 3, clip = \"none\", steps = 2000, regularisation = 1, "
        "optimizer = { use = \"adam\", lr = 1e-2 } }");
    c.hessian = c.gram();  // its objective knows no damping
    const double step = step_of(c.weights[0], 0, kInputs, 3);
    double least = 1e300;
    for (unsigned up = 0; up < 1U << kInputs; ++up) {
      Matrix tried = c.weights;
      for (std::size_t j = 0; j < kInputs; ++j)
        tried[0][j] =
            std::clamp(std::floor(tried[0][j] / step) + ((up >> j) & 1U), -3.0, 3.0) * step;
      least = std::min(least, c.error(tried));
    }
    const double own = c.error(out),
                 rounded = c.error(quantized(c, "{ use = \"round-to-nearest\", bits = 3 }"));
    CHECK(own >= least * (1 - 1e-4));
    found += own <= least * (1 + 1e-4) ? 1 : 0;
    nearest_best += rounded <= least * (1 + 1e-4) ? 1 : 0;
    learnt += own;
    plain += rounded;
    best += least;
  }
  CAPTURE(nearest_best);
  CAPTURE(best);
  CAPTURE(plain);
  CHECK(found > 10);
  CHECK(learnt < 0.7 * plain);
}

TEST_CASE("adaround begins at rounding to nearest, and the gradient of its objective is right") {
  const CorrelatedLayer c(3, 7, 5);
  CHECK(largest_gap(quantized(c, "{ use = \"adaround\", bits = 3, clip = \"none\", steps = 0 }"),
                    quantized(c, "{ use = \"round-to-nearest\", bits = 3 }")) == 0.0);
  nn::Parameters h;
  h.add("h", nn::Tensor::of({2, 3}, std::vector<double>{0.1, 0.3, 0.45, 0.6, 0.8, 0.95}),
        nn::Role::kOther);
  for (const double beta : {2.0, 3.5, 20.0})
    CHECK(gradient_error(h, [beta](nn::Tape& tape, const nn::Parameters& at) {
            return quantizers::indecision(tape.parameter(at.get("h")), beta);
          }) < 1e-6);
  nn::Tape tape(nn::Dtype::kFloat64);
  // 1 - 0.8² + 1 - 0.4² + 1 - 0.1² + 1 - 0.2² + 1 - 0.6² + 1 - 0.9²
  CHECK(tape.scalar(quantizers::indecision(tape.parameter(h.to(nn::Dtype::kFloat64).get("h")),
                                           2.0)) == doctest::Approx(6 - 2.02));
}

TEST_CASE("awq tries exponents from 0 to 1, solved by hand for those two") {
  for (int seed = 0; seed < 10; ++seed) {
    CAPTURE(seed);
    CorrelatedLayer c(3, 6, 400 + seed);
    for (std::int64_t i = 0; i < c.calibration.features.count(); i += 6)
      c.calibration.features.set(i, 8.0 * c.calibration.features.get(i));  // one large input
    std::vector<double> s(6);
    for (std::int64_t i = 0; i < c.calibration.features.count(); ++i)
      s[static_cast<std::size_t>(i % 6)] += std::abs(c.calibration.features.get(i)) / 40;
    c.hessian = c.gram();
    Matrix scaled = c.weights;
    for (auto& row : scaled) {
      for (std::size_t j = 0; j < 6; ++j) row[j] *= s[j];
      const double step = step_of(row, 0, 6, 3);
      for (std::size_t j = 0; j < 6; ++j) row[j] = nearest(row[j], step, 3) / s[j];
    }
    const Matrix plain = quantized(c, "{ use = \"round-to-nearest\", bits = 3 }"),
                 out = quantized(c,
                                 "{ use = \"awq\", bits = 3, granularity = \"row\", "
                                 "symmetric = true, grid = 1 }");
    CHECK(largest_gap(out, c.error(scaled) < c.error(plain) ? scaled : plain) < 1e-5);
  }
}

TEST_CASE("smoothing and turning keep a layer's function where nothing is rounded") {
  const CorrelatedLayer c(5, 12, 7);
  // A weight that has a scale of its own is a level: only the two changes of space are left.
  const std::string exact = "{ use = \"round-to-nearest\", granularity = \"group\", group = 1 }";
  for (const char* name : {"smooth-quant", "log-equalization", "hadamard"}) {
    CAPTURE(name);
    const auto with = [&](const std::string& inner) {
      return std::string("{ use = \"") + name + "\", quantizer = " + inner + " }";
    };
    // Weights of order one, changed and changed back in float.
    CHECK(largest_gap(quantized(c, with(exact)), c.weights) < 2e-6);
    CHECK(largest_gap(quantized(c, with("{ use = \"round-to-nearest\", bits = 3 }")), c.weights) >
          0.05);
    // The quantizer inside sees inputs that fit its weights: it repairs, as it does by itself.
    CHECK(c.error(quantized(c, with("{ use = \"gptq\", bits = 3 }"))) <
          0.7 * c.error(quantized(c, with("{ use = \"round-to-nearest\", bits = 3 }"))));
  }
}

TEST_CASE("smooth-quant by hand") {
  TrainedModel m = model("\"linear\"", 2, 1);
  m.parameters.get("output.weight").value = nn::Tensor::of({1, 2}, std::vector<double>{1, 4});
  Examples calibration;
  calibration.count = 2;
  calibration.features = nn::Tensor::of({2, 2}, std::vector<double>{9, -1, -4, 0.5});
  build<Quantizer>(
      "{ use = \"smooth-quant\", quantizer = { use = \"round-to-nearest\", bits = 2 } }")
      ->quantize(m, calibration, Stream(0));
  // s = sqrt(9 / 1), sqrt(1 / 4): weights 3 and 2, both to 3 of {-3, 0, 3}, then over s.
  const auto& w = m.parameters.get("output.weight");
  CHECK(w.value.get(0) == doctest::Approx(1.0));
  CHECK(w.value.get(1) == doctest::Approx(6.0));
  CHECK(w.bits == 2 + 16.0 / 2 + 16.0);
}

TEST_CASE("the random Hadamard matrix is orthogonal, mixes all of a block and undoes itself") {
  for (const int n : {1, 2, 12, 16, 21}) {
    CAPTURE(n);
    const quantizers::RandomHadamard R(n, Stream(4));
    const auto size = static_cast<std::size_t>(n);
    Matrix rows(size, std::vector<double>(size));
    for (std::size_t i = 0; i < size; ++i) {
      rows[i][i] = 1.0;
      R.forward(rows[i]);
    }
    for (std::size_t i = 0; i < size; ++i)
      for (std::size_t j = 0; j < size; ++j) {
        double dot = 0.0;
        for (std::size_t k = 0; k < size; ++k) dot += rows[i][k] * rows[j][k];
        CHECK(dot == doctest::Approx(i == j ? 1.0 : 0.0));
      }
    if (n == 16)
      for (const double x : rows[3]) CHECK(std::abs(x) == doctest::Approx(0.25));
    R.backward(rows[size - 1]);
    CHECK(rows[size - 1][size - 1] == doctest::Approx(1.0));
  }
}

TEST_CASE("quantizers touch chosen layers alone and refuse names of none") {
  TrainedModel m = model("{ use = \"mlp\", hidden = [5] }", 4, 3);
  const TrainedModel before = m;
  build<Quantizer>("{ use = \"nf4\", layers = [\"hid*\"] }")->quantize(m, {}, Stream(0));
  CHECK(m.parameters.get("hidden1.weight").bits < 32.0);
  CHECK(m.parameters.get("output.weight").bits == 32.0);
  CHECK(m.parameters.get("output.weight").value == before.parameters.get("output.weight").value);
  CHECK_THROWS_WITH(
      build<Quantizer>("{ use = \"gptq\", ignore = [\"first\"] }")->quantize(m, {}, Stream(0)),
      "\"first\" names no layer with weights; there are: hidden1, output");
  CHECK(error_of<Quantizer>("{ use = \"adaround\", bits = 1 }") ==
        "it.bits: of 1 bit with symmetric levels nothing is there to learn");
}
