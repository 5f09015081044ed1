// Quantizers that learn roundings, move what is hard to round, or choose other quantizers.
#include <cmath>

#include "tests/components/correlated_layer.h"
#include "tests/contracts/quantizer_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::vector<double> linear(const std::vector<double>& w, const Examples& calibration,
                           const std::string& text) {
  TrainedModel m = model("\"linear\"", static_cast<int>(w.size()), 1);
  nn::Parameter& p = m.parameters.get("output.weight");
  p.value = nn::Tensor::of({1, static_cast<int>(w.size())}, w);
  build<Quantizer>(text)->quantize(m, calibration, Stream(0));
  const auto numbers = p.value.floats();
  return {numbers.begin(), numbers.end()};
}

Examples rows_of(int count, const std::vector<double>& features) {
  Examples out;
  out.count = count;
  out.features = nn::Tensor::of({count, static_cast<int>(features.size()) / count}, features);
  out.labels.assign(static_cast<std::size_t>(count), 0);
  return out;
}

void near(const std::vector<double>& got, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(got[i] == doctest::Approx(expected[i]));
}

TrainedModel applied(TrainedModel m, const std::string& text, const Examples& calibration) {
  build<Quantizer>(text)->quantize(m, calibration, Stream(0));
  return m;
}

double kl(const nn::Tensor& p, const nn::Tensor& q, int classes) {
  double out = 0.0;
  for (std::int64_t row = 0; row < p.count(); row += classes) {
    double p_total = 0.0, q_total = 0.0;
    for (int j = 0; j < classes; ++j)
      p_total += std::exp(p.get(row + j)), q_total += std::exp(q.get(row + j));
    for (int j = 0; j < classes; ++j) {
      const double a = std::exp(p.get(row + j)) / p_total, b = std::exp(q.get(row + j)) / q_total;
      out += a * std::log(a / b);
    }
  }
  return out * classes / static_cast<double>(p.count());
}

}  // namespace

TEST_CASE("auto-round by hand: one step of shifts, and one of ranges") {
  const std::string one =
      "{ use = \"auto-round\", bits = 3, granularity = \"row\", symmetric = true, steps = 1, lr = ";
  // Rounded to nearest {3, 1, 1} is 0.7 too low in sum; shifts of 0.15 lift 1.4 alone to 2.
  near(linear({3, 1.4, 1.3}, rows_of(1, {1, 1, 1}), one + "0.15, ranges = false }"), {3, 2, 1});
  // Steps of 1 leave 0.4 twice; alpha = 0.7 leaves 0.3 and 0.1 twice.
  near(linear({1, 0.6, 0.6}, rows_of(3, {1, 0, 0, 0, 1, 0, 0, 0, 1}),
              "{ use = \"auto-round\", bits = 2, granularity = \"row\", symmetric = true, steps = "
              "1, lr = 0.3 }"),
       {0.7, 0.7, 0.7});
  // A step that makes things worse is not taken.
  near(linear({3, 1.4, 1.4}, rows_of(1, {1, 1, 1}), one + "0.2, ranges = false }"), {3, 1, 1});
  CHECK(error_of<Quantizer>("{ use = \"auto-round\", bits = 1, symmetric = true }") ==
        "it.bits: of 1 bit with symmetric levels nothing is there to learn");
}

TEST_CASE("auto-round begins at rounding to nearest and ends with less error") {
  for (const std::string levels :
       {"bits = 2, symmetric = true", "bits = 2, symmetric = false", "bits = 3, symmetric = true",
        "bits = 4, granularity = \"group\", group = 4, symmetric = false"}) {
    CAPTURE(levels);
    const std::string row =
        levels.find("group") == std::string::npos ? ", granularity = \"row\"" : "";
    double plain = 0.0, shifts = 0.0, learnt = 0.0;
    for (int seed = 0; seed < 10; ++seed) {
      CorrelatedLayer c(4, 10, 500 + seed);
      c.hessian = c.gram();
      const auto by = [&](const std::string& name, const std::string& more) {
        return CorrelatedLayer::rows_of(applied(
            c.model, "{ use = \"" + name + "\", " + levels + row + more + " }", c.calibration));
      };
      const Matrix nearest = by("round-to-nearest", "");
      CHECK(by("auto-round", ", steps = 0") == nearest);
      plain += c.error(nearest);
      shifts += c.error(by("auto-round", ", ranges = false"));
      learnt += c.error(by("auto-round", ""));
    }
    CHECK(shifts < 0.8 * plain);
    CHECK(learnt < 0.8 * plain);
    if (!row.empty()) CHECK(learnt < shifts);  // a range for four weights is one for too few
  }
}

TEST_CASE("log-equalization by hand") {
  // s = 6 / log2(8) = 2 and 2 / log2(4) = 1: weights 6 and 4, both to 6 of {-6, 0, 6}, then over s.
  near(linear(
           {3, 4}, rows_of(2, {6, -1, -4, 2}),
           "{ use = \"log-equalization\", quantizer = { use = \"round-to-nearest\", bits = 2 } }"),
       {3, 6});
}

TEST_CASE("mixed quantizes each layer as its own quantizer would") {
  const TrainedModel before = model("{ use = \"mlp\", hidden = [9, 5] }", 6, 4);
  const Examples calibration = examples(40, 6, 4, 1);
  TrainedModel by_hand = applied(
      before, "{ use = \"round-to-nearest\", bits = 2, layers = [\"hidden1\"] }", calibration);
  by_hand = applied(by_hand, "{ use = \"gptq\", bits = 3, layers = [\"hidden2\"] }", calibration);
  const TrainedModel mixed =
      applied(before,
              "{ use = \"mixed\", patterns = [\"*1\", \"hidden*\"], "
              "quantizers = [{ use = \"round-to-nearest\", bits = 2 }, { use "
              "= \"gptq\", bits = 3 }] }",
              calibration);
  for (const char* name : {"hidden1.weight", "hidden2.weight", "output.weight"}) {
    CAPTURE(name);
    CHECK(mixed.parameters.get(name).value == by_hand.parameters.get(name).value);
    CHECK(mixed.parameters.get(name).bits == by_hand.parameters.get(name).bits);
  }
  CHECK(mixed.parameters.get("output.weight").bits == 32.0);
  CHECK(error_of<Quantizer>(
            "{ use = \"mixed\", patterns = [\"a\", \"b\"], quantizers = [\"nf4\"] }") ==
        "it.quantizers: 1 for 2 patterns; there must be one for each");
  CHECK_THROWS_WITH(
      (void)applied(before, "{ use = \"mixed\", patterns = [\"head\"], quantizers = [\"nf4\"] }",
                    {}),
      "\"head\" names no layer with weights; there are: hidden1, hidden2, output");
}

TEST_CASE("bit-allocation finds the choice that enumeration finds") {
  const std::vector<std::string> layers = {"hidden1", "hidden2", "output"};
  const Examples calibration = examples(30, 6, 4, 2);
  for (int seed = 0; seed < 5; ++seed) {
    TrainedModel m = model("{ use = \"mlp\", hidden = [9, 5] }", 6, 4);
    Stream random(static_cast<std::uint64_t>(seed));
    for (nn::Parameter& p : m.parameters)
      for (std::int64_t i = 0; i < p.value.count(); ++i) p.value.set(i, 2 * random.normal());
    const nn::Tensor expected = m.outputs(calibration);
    const int bits[] = {2, 3, 4, 8};
    double loss[3][4], taken[3][4], all = 0.0;
    for (std::size_t l = 0; l < 3; ++l)
      for (std::size_t k = 0; k < 4; ++k) {
        const TrainedModel one =
            applied(m,
                    "{ use = \"round-to-nearest\", bits = " + std::to_string(bits[k]) +
                        ", layers = [\"" + layers[l] + "\"] }",
                    {});
        const nn::Parameter& p = one.parameters.get(layers[l] + ".weight");
        loss[l][k] = kl(expected, one.outputs(calibration), 4);
        taken[l][k] = p.bits * static_cast<double>(p.value.count());
        all += k == 0 ? static_cast<double>(p.value.count()) : 0.0;
      }
    for (const double budget : {5.5, 6.0, 7.0, 9.0}) {
      CAPTURE(budget);
      double least = 1e300;
      for (int code = 0; code < 64; ++code) {
        const int k[] = {code % 4, code / 4 % 4, code / 16};
        double sum = 0.0, used = 0.0;
        for (int l = 0; l < 3; ++l) sum += loss[l][k[l]], used += taken[l][k[l]];
        if (used <= budget * all) least = std::min(least, sum);
      }
      const TrainedModel out =
          applied(m,
                  "{ use = \"bit-allocation\", bits = " + std::to_string(budget) +
                      ", quantizers = [{ use = \"round-to-nearest\", bits = 2 }, { use = "
                      "\"round-to-nearest\", bits = 3 }, { use = \"round-to-nearest\", bits = 4 }, "
                      "{ use = \"round-to-nearest\", bits = 8 }] }",
                  calibration);
      double sum = 0.0, used = 0.0;
      for (std::size_t l = 0; l < 3; ++l) {
        const nn::Parameter& p = out.parameters.get(layers[l] + ".weight");
        const double own = p.bits * static_cast<double>(p.value.count());
        used += own;
        for (std::size_t k = 0; k < 4; ++k) sum += taken[l][k] == own ? loss[l][k] : 0.0;
      }
      CHECK(used <= budget * all);
      CHECK(sum == doctest::Approx(least).epsilon(1e-4));
    }
  }
  CHECK_THROWS_WITH(
      (void)applied(model("\"linear\"", 4, 2),
                    "{ use = \"bit-allocation\", bits = 3, quantizers = [\"nf4\"] }",
                    examples(4, 4, 2, 1)),
      "bit-allocation: bits = 3 for each weight is less than the least, 8, that these quantizers "
      "take");
}
