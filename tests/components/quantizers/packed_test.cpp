// Codes and scales give back what uniform quantizers gave. Those of other shapes of levels (nf4,
// fp8, fp4, product-quantization) and those whose columns are scaled or turned (awq, smooth-quant,
// hadamard) are not on uniform levels.
#include "components/quantizers/packed.h"

#include "tests/contracts/quantizer_contract.h"

using namespace assay;
using namespace assay::testing;
using quantizers::Granularity;

namespace {

// Packs each weight of a quantized model with masks, and checks what comes back.
void check_packed(const std::string& text, const quantizers::Grid& layout) {
  CAPTURE(text);
  TrainedModel m = subject();
  nn::Parameter& pruned = m.parameters.get("shared.weight");
  pruned.mask = nn::Tensor::full(pruned.value.shape(), 1.0);
  for (std::int64_t i = 0; i < pruned.mask.count(); i += 3) pruned.mask.set(i, 0.0);
  m.parameters.apply_masks();
  build<Quantizer>(text)->quantize(m, examples(40, 6, 4, 1), Stream(3));
  for (const nn::Parameter& p : m.parameters) {
    if (p.role != nn::Role::kWeight) continue;
    CAPTURE(p.name);
    const quantizers::Packed packed = quantizers::pack(p, layout);
    CHECK(quantizers::unpack(packed, p.mask) == p.value);
    const auto bits =
        static_cast<std::size_t>(p.value.count()) * static_cast<std::size_t>(layout.bits);
    CHECK(packed.codes.size() == (bits + 7) / 8);
    const double scales = static_cast<double>(packed.steps.size() + packed.zeros.size());
    CHECK(p.bits * static_cast<double>(p.value.count()) ==
          doctest::Approx(static_cast<double>(bits) + quantizers::kScaleBits * scales));
  }
}

}  // namespace

TEST_CASE("packed codes give back the weights of uniform quantizers to the bit") {
  for (const char* name : {"round-to-nearest", "gptq", "adaround", "auto-round"})
    for (const int bits : {1, 2, 3, 4, 8})
      for (const char* granularity : {"tensor", "row", "group"})
        for (const bool symmetric : {true, false}) {
          quantizers::Grid layout;
          layout.bits = bits;
          layout.group = 5;
          layout.symmetric = symmetric;
          layout.granularity = granularity[0] == 't'   ? Granularity::kTensor
                               : granularity[0] == 'r' ? Granularity::kRow
                                                       : Granularity::kGroup;
          const bool learns = std::string(name).ends_with("round");
          if (layout.signs_only() && learns) continue;
          check_packed(std::string("{ use = \"") + name + "\", bits = " + std::to_string(bits) +
                           ", granularity = \"" + granularity + "\", group = 5, symmetric = " +
                           (symmetric ? "true" : "false") + (learns ? ", steps = 20 }" : " }"),
                       layout);
        }
  quantizers::Grid signs;
  signs.bits = 1;
  check_packed("\"binary\"", signs);
  quantizers::Grid three;
  three.bits = 2;
  three.granularity = Granularity::kTensor;
  check_packed("\"ternary\"", three);
}

TEST_CASE("packing refuses numbers that lie on no levels") {
  TrainedModel m = model("\"linear\"", 3, 1);
  nn::Parameter& w = m.parameters.get("output.weight");
  w.value = nn::Tensor::of({1, 3}, std::vector<double>{1.0, 0.3001, -0.77123});
  CHECK_THROWS_WITH((void)quantizers::pack(w, {}),
                    "output.weight is on no levels of 8 bits from number 0 on");
  w.value = nn::Tensor::of({1, 3}, std::vector<double>{3.0, 1.0, -2.0});
  quantizers::Grid two;
  two.bits = 2;
  CHECK_THROWS_WITH((void)quantizers::pack(w, two),
                    "output.weight is on no levels of 2 bits from number 0 on");
  two.bits = 3;
  CHECK(quantizers::unpack(quantizers::pack(w, two), {}) == w.value);
}
