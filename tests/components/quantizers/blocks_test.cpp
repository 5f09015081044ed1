// Formats of blocks: against all codes, planted levels, searches on a grid and cases by hand.
#include <cmath>

#include "components/quantizers/bit_string.h"
#include "components/quantizers/microscaling.h"
#include "components/quantizers/super_blocks.h"
#include "tests/contracts/quantizer_contract.h"

using namespace assay;
using namespace assay::testing;
using quantizers::MxFormat;

namespace {

nn::Parameter weight_of(const std::vector<double>& w, int rows = 1) {
  const int columns = static_cast<int>(w.size()) / rows;
  return {"output.weight", nn::Tensor::of({rows, columns}, w), nn::Role::kWeight, {}};
}

nn::Parameter quantized(const nn::Parameter& weight, const std::string& text,
                        const Examples& calibration = {}) {
  TrainedModel m = model("\"linear\"", weight.value.shape().back(),
                         static_cast<int>(weight.value.shape().rows()));
  m.parameters.get("output.weight").value = weight.value;
  m.parameters.get("output.weight").mask = weight.mask;
  build<Quantizer>(text)->quantize(m, calibration, Stream(0));
  return m.parameters.get("output.weight");
}

std::vector<double> normals(int count, int seed, double deviation = 1.0) {
  Stream random(static_cast<std::uint64_t>(seed));
  std::vector<double> out;
  for (int i = 0; i < count; ++i) out.push_back(deviation * random.normal());
  return out;
}

double squared_error(const nn::Tensor& a, const nn::Tensor& b) {
  double out = 0.0;
  for (std::int64_t i = 0; i < a.count(); ++i) out += std::pow(a.get(i) - b.get(i), 2);
  return out;
}

}  // namespace

TEST_CASE("codes of a few bits come back from their bytes") {
  quantizers::BitWriter out;
  for (int i = 0; i < 50; ++i)
    out.put(static_cast<unsigned>(i * 37 % (1 << (1 + i % 16))), 1 + i % 16);
  out.put(0b110, 3);
  quantizers::BitReader in(out.bytes());
  for (int i = 0; i < 50; ++i)
    CHECK(in.get(1 + i % 16) == static_cast<unsigned>(i * 37 % (1 << (1 + i % 16))));
  CHECK(in.get_signed(3) == -2);
}

TEST_CASE("mx: each weight goes to the nearest number that its block's scale leaves") {
  for (std::size_t f = 0; f < std::size(quantizers::kMxFormatNames); ++f) {
    const auto format = static_cast<MxFormat>(f);
    const std::string name(quantizers::kMxFormatNames[f]);
    CAPTURE(name);
    nn::Parameter w = weight_of(normals(3 * 70, 5, 1e-2), 3);
    const std::string text = "{ use = \"mx\", format = \"" + name + "\" }";
    const nn::Parameter q = quantized(w, text);
    for (int row = 0; row < 3; ++row)
      for (int first = 0; first < 70; first += 32) {
        double most = 0.0;
        for (int j = first; j < std::min(first + 32, 70); ++j)
          most = std::max(most, std::abs(w.value.at(row, j)));
        const double scale =
            std::exp2(std::floor(std::log2(most)) - quantizers::largest_exponent(format));
        for (int j = first; j < std::min(first + 32, 70); ++j) {
          double least = 1e300;
          for (unsigned code = 0; code < 1U << quantizers::element_bits(format); ++code) {
            const double x = scale * quantizers::decode_element(code, format);
            if (std::isfinite(x)) least = std::min(least, std::abs(x - w.value.at(row, j)));
          }
          CHECK(std::abs(q.value.at(row, j) - w.value.at(row, j)) == doctest::Approx(least));
        }
      }
    const quantizers::MxPacked packed = quantizers::mx_pack(w, format, 32);
    CHECK(quantizers::mx_unpack(packed, w.mask) == q.value);
    CHECK(std::ceil(q.bits * 210 / 8 - 1e-9) == static_cast<double>(packed.bytes.size()));
    quantizer_contract(text);
  }
}

TEST_CASE("mx by hand, and in the bytes of the specification") {
  const auto bytes = [](MxFormat format) {
    return quantizers::mx_pack(weight_of(normals(32, 1)), format, 32).bytes.size();
  };
  CHECK(bytes(MxFormat::kFp4) == 17);
  CHECK(bytes(MxFormat::kFp6E2m3) == 25);
  CHECK(bytes(MxFormat::kFp6E3m2) == 25);
  CHECK(bytes(MxFormat::kFp8E4m3) == 33);
  CHECK(bytes(MxFormat::kInt8) == 33);
  const nn::Parameter w = weight_of({14, 3.4, 5, -0.2});
  // 2^(floor(log2 14) - 2) = 2, stored as 1 + 127.
  CHECK(quantizers::mx_pack(w, MxFormat::kFp4, 32).bytes[0] == 128);
  CHECK(quantized(w, "\"mx\"").value == nn::Tensor::of({1, 4}, std::vector<double>{12, 3, 4, 0}));
  CHECK(quantized(w, "\"mx\"").value == quantized(w, "\"fp4\"").value);
  CHECK(quantized(w, "\"mx\"").bits == 4 + 8.0 / 4);
  // A scale of 1 and steps of 1/64; -1.999 would be -128 of them.
  CHECK(quantized(weight_of({1.5, 0.51, -1.999, 0}), "{ use = \"mx\", format = \"int8\" }").value ==
        nn::Tensor::of({1, 4}, std::vector<double>{1.5, 33.0 / 64, -127.0 / 64, 0}));
  // 500 over a scale of 2 saturates.
  CHECK(quantized(weight_of({1000, 17}), "{ use = \"mx\", format = \"fp8-e4m3\" }").value ==
        nn::Tensor::of({1, 2}, std::vector<double>{896, 16}));
  // E8M0 ends at 2^-127.
  CHECK(quantized(weight_of({std::exp2(-130), 0}), "\"mx\"").value.get(0) == 0.0);
  CHECK(error_of<Quantizer>("{ use = \"mx\", block = 0 }") ==
        "it.block = 0 is out of range; allowed: 1 to 65536 weights");
}

TEST_CASE("k-quants take the bytes of llama.cpp's blocks, and shorter rows what they need") {
  const std::size_t expected[] = {84, 110, 144, 176, 210};
  for (int bits = 2; bits <= 6; ++bits) {
    CAPTURE(bits);
    const std::string text = "{ use = \"k-quant\", bits = " + std::to_string(bits) + " }";
    const nn::Parameter w = weight_of(normals(512, bits));
    const quantizers::SuperBlocks packed = quantizers::pack_super_blocks(w, bits, {});
    CHECK(packed.bytes.size() == 2 * expected[bits - 2]);
    const nn::Parameter q = quantized(w, text);
    CHECK(q.bits == static_cast<double>(expected[bits - 2]) / 32);
    CHECK(quantizers::unpack_super_blocks(packed, {}) == q.value);
    quantizer_contract(text);
  }
  // 256 weights, then 32 and 12: d and d_min twice, ten sub-blocks of twice 6 bits.
  CHECK(quantized(weight_of(normals(300, 9)), "\"k-quant\"").bits ==
        std::ceil((300 * 4 + 4 * 16 + 10 * 12) / 8.0) * 8 / 300);
  CHECK(error_of<Quantizer>("{ use = \"k-quant\", bits = 7 }") ==
        "it.bits = 7 is out of range; allowed: 2 to 6 bits");
}

TEST_CASE("k-quants give planted levels back") {
  for (int bits = 2; bits <= 6; ++bits) {
    CAPTURE(bits);
    const quantizers::SuperBlockFormat& format = quantizers::super_block_format(bits);
    const int parts = 256 / format.sub_block, levels = 1 << bits;
    std::vector<double> w;
    for (int part = 0; part < parts; ++part) {
      // One scale, and one minimum, is the largest of its kind: that fixes d and d_min.
      const int most = format.minima ? (1 << format.scale_bits) - 1 : 1 << (format.scale_bits - 1);
      const double scale = (most - part % 4) / 64.0, minimum = (most - (part + 2) % 5) / 32.0;
      for (int i = 0; i < format.sub_block; ++i) {
        const int q = (i * 7) % format.sub_block * (levels - 1) / (format.sub_block - 1);
        w.push_back(format.minima ? scale * q - minimum : scale * (q - levels / 2));
      }
    }
    const nn::Parameter p = weight_of(w);
    CHECK(quantized(p, "{ use = \"k-quant\", bits = " + std::to_string(bits) + " }").value ==
          p.value);
  }
}

TEST_CASE("a line through numbers is nearly the best that a fine grid finds") {
  for (const int most : {3, 15}) {
    double found = 0.0, best = 0.0;
    for (int seed = 0; seed < 20; ++seed) {
      const std::vector<double> x = normals(16, seed);
      std::vector<double> weights = normals(16, 100 + seed);
      for (double& weight : weights) weight = std::abs(weight);
      const auto error = [&](double step, double lowest) {
        double out = 0.0;
        for (std::size_t i = 0; i < x.size(); ++i) {
          const double q = std::clamp(std::round((x[i] - lowest) / step), 0.0, 1.0 * most);
          out += weights[i] * std::pow(lowest + step * q - x[i], 2);
        }
        return out;
      };
      const auto [low, high] = std::minmax_element(x.begin(), x.end());
      double least = 1e300;
      for (int a = 1; a <= 300; ++a)
        for (int b = 0; b <= 300; ++b)
          least = std::min(least, error((*high - *low) / most * a / 200, *low * b / 200));
      const quantizers::Line line = quantizers::fit_line(x, weights, most);
      found += error(line.step, line.lowest);
      best += least;
      CHECK(error(line.step, line.lowest) <= error((*high - *low) / most, *low));
    }
    CHECK(found < 1.2 * best);
  }
}

TEST_CASE("importance moves error to columns of small inputs") {
  const nn::Parameter w = weight_of(normals(4 * 256, 3), 4);
  Examples calibration = examples(60, 256, 4, 2);
  for (std::int64_t i = 0; i < calibration.features.count(); i += 2)
    calibration.features.set(i, 10 * calibration.features.get(i));
  for (int bits = 2; bits <= 6; ++bits) {
    CAPTURE(bits);
    const auto errors = [&](const char* importance) {
      const nn::Parameter q = quantized(w,
                                        "{ use = \"k-quant\", bits = " + std::to_string(bits) +
                                            ", importance = \"" + importance + "\" }",
                                        calibration);
      std::pair<double, double> out;  // of even columns, whose inputs are large, and of odd ones
      for (std::int64_t i = 0; i < q.value.count(); ++i)
        (i % 2 ? out.second : out.first) += std::pow(q.value.get(i) - w.value.get(i), 2);
      return out;
    };
    CHECK(errors("inputs").first < errors("none").first);
    CHECK(errors("inputs").second > errors("none").second);
  }
  // With as many bits for scales, those that are sought beat those of the range.
  CHECK(squared_error(quantized(w, "\"k-quant\"").value, w.value) <
        squared_error(quantized(w,
                                "{ use = \"round-to-nearest\", bits = 4, granularity = \"group\", "
                                "symmetric = false }")
                          .value,
                      w.value));
}
