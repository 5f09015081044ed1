#include <cmath>

#include "tests/contracts/quantizer_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

TrainedModel quantized(TrainedModel m, const std::string& options) {
  build<Quantizer>("{ use = \"round-to-nearest\", " + options + " }")->quantize(m, {}, Stream(0));
  return m;
}

}  // namespace

TEST_CASE("weights on levels solved by hand") {
  TrainedModel m = model("\"linear\"", 4, 1);
  m.parameters.get("output.weight").value =
      nn::Tensor::of({1, 4}, std::vector<double>{-3.0, 0.4, 1.6, 2.9});
  // 3 bits symmetric: scale 3 / 3 = 1.
  TrainedModel three = quantized(m, "bits = 3");
  const auto& w = three.parameters.get("output.weight");
  CHECK(w.value == nn::Tensor::of({1, 4}, std::vector<double>{-3, 0, 2, 3}));
  CHECK(w.bits == 3 + 16.0 / 4);
  // 1 bit: the sign times the mean magnitude, (3 + 0.4 + 1.6 + 2.9) / 4.
  TrainedModel one = quantized(m, "bits = 1");
  CHECK(one.parameters.get("output.weight").value.get(0) == doctest::Approx(-1.975));
  CHECK(one.parameters.get("output.weight").value.get(1) == doctest::Approx(1.975));
}

TEST_CASE(
    "the error is at most half a step, levels are few, zeros stay, and a second time changes "
    "nothing") {
  for (const int bits : {2, 3, 4, 8}) {
    for (const char* form : {"symmetric = true", "symmetric = false"}) {
      for (const char* granularity : {"tensor", "row", "group"}) {
        CAPTURE(bits);
        CAPTURE(form);
        TrainedModel m = model("\"linear\"", 32, 3);
        nn::Parameter& w = m.parameters.get("output.weight");
        w.mask = nn::Tensor::full(w.value.shape(), 1.0);
        w.mask.set(5, 0.0);
        w.value.set(5, 0.0);
        const std::string options = "bits = " + std::to_string(bits) + ", granularity = \"" +
                                    granularity + "\", group = 8, " + form;
        const TrainedModel q = quantized(m, options);
        const auto& after = q.parameters.get("output.weight").value;
        double low = 0.0, high = 0.0;
        for (std::int64_t i = 0; i < w.value.count(); ++i)
          low = std::min(low, w.value.get(i)), high = std::max(high, w.value.get(i));
        const double levels =
            std::string(form) == "symmetric = true" ? (1 << bits) - 2 : (1 << bits) - 1;
        const double range =
            std::string(form) == "symmetric = true" ? 2 * std::max(-low, high) : high - low;
        for (std::int64_t i = 0; i < w.value.count(); ++i)
          // A whole step at the ends of the asymmetric range, where the offset is rounded too.
          CHECK(std::abs(after.get(i) - w.value.get(i)) <=
                (std::string(form) == "symmetric = true" ? 0.5 : 1.0) * range / levels + 1e-6);
        CHECK(after.get(5) == 0.0);
        const TrainedModel twice = quantized(q, options);
        for (std::int64_t i = 0; i < w.value.count(); ++i)
          CHECK(twice.parameters.get("output.weight").value.get(i) ==
                doctest::Approx(after.get(i)).epsilon(1e-5));
      }
    }
  }
}

TEST_CASE("round-to-nearest keeps the contract of its kind, whatever its levels") {
  for (int bits = 1; bits <= 8; ++bits)
    for (const char* granularity : {"tensor", "row", "group"})
      for (const char* symmetric : {"true", "false"})
        quantizer_contract("{ use = \"round-to-nearest\", bits = " + std::to_string(bits) +
                           ", granularity = \"" + granularity +
                           "\", group = 5, symmetric = " + symmetric + " }");
}

TEST_CASE("an offset half way between two levels keeps the range whole") {
  // -1 … 5 in 4 bits: a step of 0.4, and 0 falls on 2.5 steps. Rounding both ends to the even
  // level would leave 15 of the 16 levels, so that a second time moves the weights again.
  TrainedModel m = model("\"linear\"", 4, 1);
  m.parameters.get("output.weight").value =
      nn::Tensor::of({1, 4}, std::vector<double>{-1.0, 0.0, 0.4, 5.0});
  const TrainedModel once = quantized(m, "bits = 4, symmetric = false");
  const auto& w = once.parameters.get("output.weight").value;
  for (const auto& [at, value] : {std::pair{0, -1.2}, {1, 0.0}, {2, 0.4}, {3, 4.8}})
    CHECK(w.get(at) == doctest::Approx(value));
  const TrainedModel twice = quantized(once, "bits = 4, symmetric = false");
  for (int i = 0; i < 4; ++i)
    CHECK(twice.parameters.get("output.weight").value.get(i) == doctest::Approx(w.get(i)));
}

TEST_CASE("bits count the scales and offsets of a partial group too") {
  TrainedModel m = model("\"linear\"", 10, 3);
  // Rows of 10 in groups of 4: 3 groups a row, 9 in all, of 30 weights.
  CHECK(quantized(m, "bits = 3, granularity = \"group\", group = 4")
            .parameters.get("output.weight")
            .bits == doctest::Approx(3 + 16.0 * 9 / 30));
  CHECK(quantized(m, "bits = 3, granularity = \"tensor\", symmetric = false")
            .parameters.get("output.weight")
            .bits == doctest::Approx(3 + 32.0 / 30));
}
