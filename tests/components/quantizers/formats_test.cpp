// Number formats and codebooks, against published values, all codes and cases by hand.
#include <cmath>
#include <set>

#include "components/quantizers/small_floats.h"
#include "tests/contracts/quantizer_contract.h"

using namespace assay;
using namespace assay::testing;
using quantizers::decode;
using quantizers::encode;
using quantizers::FloatFormat;
using quantizers::kE2m1;
using quantizers::kE2m3;
using quantizers::kE3m2;
using quantizers::kE4m3;
using quantizers::kE5m2;
using quantizers::kHalf;

namespace {

nn::Parameter weight_of(const std::vector<double>& w, int rows, const std::string& text) {
  const int columns = static_cast<int>(w.size()) / rows;
  TrainedModel m = model("\"linear\"", columns, rows);
  m.parameters.get("output.weight").value = nn::Tensor::of({rows, columns}, w);
  build<Quantizer>(text)->quantize(m, {}, Stream(0));
  return m.parameters.get("output.weight");
}

void near(const nn::Tensor& got, const std::vector<double>& expected) {
  for (std::size_t i = 0; i < expected.size(); ++i)
    CHECK(got.get(static_cast<std::int64_t>(i)) == doctest::Approx(expected[i]));
}

// The x with normal distribution function p, by bisection.
double normal_quantile(double p) {
  double low = -10, high = 10;
  for (int i = 0; i < 200; ++i) {
    const double middle = 0.5 * (low + high);
    (0.5 * std::erfc(-middle / std::sqrt(2.0)) < p ? low : high) = middle;
  }
  return low;
}

}  // namespace

TEST_CASE("nf4 rounds to quantiles of a normal distribution") {
  // Eight quantiles above 0 and seven below, from 1 - 1/2 (1/32 + 1/30) on, over the largest.
  const double offset = 1 - 0.5 * (1.0 / 32 + 1.0 / 30), top = normal_quantile(offset);
  std::vector<double> levels = {0.0};
  for (int i = 0; i < 8; ++i)
    levels.push_back(normal_quantile(offset + (0.5 - offset) * i / 8) / top);
  for (int i = 0; i < 7; ++i)
    levels.push_back(-normal_quantile(offset + (0.5 - offset) * i / 7) / top);
  for (const double level : levels) {
    CAPTURE(level);
    // A weight on a level stays, beside 1, which sets the scale; the paper's table is in float.
    CHECK(weight_of({1, level}, 1, "\"nf4\"").value.get(1) == doctest::Approx(level).epsilon(1e-6));
  }
  std::set<double> got;
  for (int i = -1000; i <= 1000; ++i) {
    const double x = i / 1000.0, y = weight_of({1, x}, 1, "\"nf4\"").value.get(1);
    double least = 2;
    for (const double level : levels) least = std::min(least, std::abs(level - x));
    CHECK(std::abs(x - y) <= least + 1e-6);
    got.insert(y);
  }
  CHECK(got.size() == 16);
  CHECK(weight_of({3, -2, 1, 0.5}, 2, "{ use = \"nf4\", block = 1 }").bits == 4 + 16);
}

TEST_CASE("small floats: every code is its own, and what lies between goes to the nearest") {
  for (const FloatFormat& format : {kE4m3, kE5m2, kE2m1, kE2m3, kE3m2, kHalf}) {
    CAPTURE(format.bits());
    std::vector<std::pair<double, int>> finite;
    for (int code = 0; code < 1 << format.bits(); ++code) {
      const double x = decode(code, format);
      if (!std::isfinite(x)) continue;
      CHECK(encode(x, format) == code);
      if (x != 0.0 || code == 0) finite.emplace_back(x, code);
    }
    std::sort(finite.begin(), finite.end());
    CHECK(finite.back().first == format.largest);
    for (std::size_t i = 1; i < finite.size(); ++i) {
      const auto [low, below] = finite[i - 1];
      const auto [high, above] = finite[i];
      const double middle = 0.5 * (low + high), side = 0.01 * (high - low);
      CHECK(decode(encode(middle - side, format), format) == low);
      CHECK(decode(encode(middle + side, format), format) == high);
      // Ties to the code with a last bit of 0; -0 stands for 0.
      CHECK(decode(encode(middle, format), format) == (below % 2 == 0 ? low : high));
      CHECK(above % 2 != below % 2);
    }
    for (const double x : {format.largest * 1.01, format.largest * 1e6})
      for (const double sign : {-1.0, 1.0})
        CHECK(decode(encode(sign * x, format), format) == sign * format.largest);
  }
}

TEST_CASE("small floats have the numbers of the specification") {
  CHECK(decode(0x7E, kE4m3) == 448.0);
  CHECK(std::isnan(decode(0x7F, kE4m3)));
  CHECK(decode(0x08, kE4m3) == std::ldexp(1.0, -6));  // smallest normal
  CHECK(decode(0x01, kE4m3) == std::ldexp(1.0, -9));  // smallest subnormal
  CHECK(decode(0x7B, kE5m2) == 57344.0);
  CHECK(std::isinf(decode(0x7C, kE5m2)));
  CHECK(std::isnan(decode(0x7D, kE5m2)));
  CHECK(decode(0x04, kE5m2) == std::ldexp(1.0, -14));
  CHECK(decode(0x01, kE5m2) == std::ldexp(1.0, -16));
  CHECK(decode(0x1F, kE2m3) == 7.5);
  CHECK(decode(0x01, kE2m3) == 0.125);
  CHECK(decode(0x1F, kE3m2) == 28.0);
  CHECK(decode(0x01, kE3m2) == 0.0625);
  CHECK(decode(0x3555, kHalf) == 0.333251953125);
  CHECK(decode(0x0001, kHalf) == std::ldexp(1.0, -24));
  const double e2m1[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
  for (int code = 0; code < 8; ++code) {
    CHECK(decode(code, kE2m1) == e2m1[code]);
    CHECK(decode(code + 8, kE2m1) == -e2m1[code]);
  }
}

TEST_CASE("fp8 and fp4 weights by hand") {
  near(weight_of({1000, -0.3, 0.001, 1.07}, 1, "{ use = \"fp8\", scale = \"none\" }").value,
       {448, -0.3125, 0.001953125, 1.125});
  CHECK(weight_of({1, 2, 3, 4}, 2, "{ use = \"fp8\", scale = \"none\" }").bits == 8.0);
  // s = 896 / 448 = 2.
  near(weight_of({896, 2.1, 0, -6.6}, 1, "\"fp8\"").value, {896, 2, 0, -6.5});
  CHECK(weight_of({1, 2, 3, 4}, 2, "{ use = \"fp8\", scale = \"row\" }").bits == 8 + 32.0 / 4);
  // 2^(floor(log2 14) - 2) = 2: 7 saturates at 6, 1.7 goes to 1.5, 2.5 to the even 2.
  near(weight_of({14, 3.4, 5, -0.2}, 1, "\"fp4\"").value, {12, 3, 4, 0});
  near(weight_of({12, 3.4, 5.2, -0.2}, 1, "{ use = \"fp4\", scale = \"largest\" }").value,
       {12, 3, 6, 0});
  CHECK(weight_of({1, 2, 3, 4}, 2, "\"fp4\"").bits == 4 + 2 * 8.0 / 4);
}

TEST_CASE("binary and ternary scales are the best ones, solved by hand") {
  const auto binary = weight_of({3, -1, 0.5, -0.5, 2, -3}, 2, "\"binary\"");
  near(binary.value, {1.5, -1.5, 1.5, -5.5 / 3, 5.5 / 3, -5.5 / 3});
  CHECK(binary.bits == doctest::Approx(1 + 2 * 16.0 / 6));
  // Mean 2.25, cut 1.575: 3 and 5 stay, their mean is 4.
  const auto ternary = weight_of({3, -1, 0, -5}, 1, "\"ternary\"");
  near(ternary.value, {4, 0, 0, -4});
  CHECK(ternary.bits == 2 + 16.0 / 4);
  near(weight_of({3, -1, 0, -5}, 2, "{ use = \"ternary\", granularity = \"row\" }").value,
       {3, 0, 0, -5});
}

TEST_CASE("a range that shrinks leaves less squared error, and one that need not shrink stays") {
  std::vector<double> w(64);
  Stream random(3);
  for (double& x : w) x = random.normal();
  w[7] = 12.0;
  for (const char* form : {"true", "false"})
    for (const int bits : {2, 3, 4, 8}) {
      CAPTURE(bits);
      const std::string options = "{ use = \"round-to-nearest\", bits = " + std::to_string(bits) +
                                  ", symmetric = " + form + ", clip = \"";
      const auto error = [&](const nn::Parameter& p) {
        double out = 0.0;
        for (std::size_t i = 0; i < w.size(); ++i)
          out += std::pow(p.value.get(static_cast<std::int64_t>(i)) - w[i], 2);
        return out;
      };
      const auto plain = weight_of(w, 1, options + "none\" }"),
                 clipped = weight_of(w, 1, options + "mse\" }");
      CHECK(error(clipped) <= error(plain));
      if (bits == 3) CHECK(error(clipped) < 0.9 * error(plain));
      quantizer_contract(options + "mse\" }");
    }
  near(
      weight_of({3, -1, 2, 0}, 1, "{ use = \"round-to-nearest\", bits = 3, clip = \"mse\" }").value,
      {3, -1, 2, 0});
}

TEST_CASE("product quantization finds planted pieces and counts codes and codebook") {
  const double pieces[3][2] = {{1, 2}, {-3, 0.5}, {0, -1}};
  std::vector<double> w;
  for (int i = 0; i < 24; ++i)
    for (const double x : pieces[i % 3]) w.push_back(x);
  // All codebooks with as many centroids as pieces: nothing is lost. 8 rows of 6 numbers.
  const auto all = weight_of(w, 8, "{ use = \"product-quantization\", length = 2, codes = 8 }");
  near(all.value, w);
  CHECK(all.bits == doctest::Approx(3 / 2.0 + 16.0 * 3 * 8 * 2 / 48));
  // One centroid is the mean.
  const auto one = weight_of({1, 2, 5, 0, 3, 4, 7, 8}, 2,
                             "{ use = \"product-quantization\", length = 2, codes = 1 }");
  near(one.value, {2, 3, 6, 4, 2, 3, 6, 4});
  const auto shared = weight_of({1, 2, 5, 0, 3, 4, 7, 8}, 2,
                                "{ use = \"product-quantization\", length = 2, codes = 1, "
                                "codebook = \"layer\" }");
  near(shared.value, {4, 3.5, 4, 3.5, 4, 3.5, 4, 3.5});
  CHECK(shared.bits == doctest::Approx(16.0 * 2 / 8));
  for (const char* more : {"length = 5, codes = 4", "length = 4, codes = 4, codebook = \"layer\""})
    quantizer_contract(std::string("{ use = \"product-quantization\", ") + more + " }");
}
