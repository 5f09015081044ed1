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
