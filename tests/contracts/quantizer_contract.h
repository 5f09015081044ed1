#pragma once

#include "components/quantizers/quantizer.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// Weights alone change, pruned ones stay 0, bits are stated, the same input gives the same output,
// and what is on its levels stays there, unless it says otherwise: `relative` is how far rounding
// may move it.
inline void quantizer_contract(const std::string& text, double relative = 1e-6) {
  CAPTURE(text);
  const auto quantizer = build<Quantizer>(text);
  config_contract(*quantizer);
  const Examples calibration = examples(40, 6, 4, 1);
  TrainedModel before = subject();
  nn::Parameter& pruned = before.parameters.get("shared.weight");
  pruned.mask = nn::Tensor::full(pruned.value.shape(), 1.0);
  for (std::int64_t i = 0; i < pruned.mask.count(); i += 3) pruned.mask.set(i, 0.0);
  before.parameters.apply_masks();

  TrainedModel once = before, again = before, other = before;
  quantizer->quantize(once, calibration, Stream(3));
  quantizer->quantize(again, calibration, Stream(3));
  quantizer->quantize(other, calibration, Stream(4));
  CHECK(archive_of(again) == archive_of(once));
  if (!draws("quantizer", text)) CHECK(archive_of(other) == archive_of(once));
  archive_contract(once);
  TrainedModel twice = once;
  quantizer->quantize(twice, calibration, Stream(3));
  for (const auto& p : before.parameters) {
    CAPTURE(p.name);
    const nn::Parameter &q = once.parameters.get(p.name), &r = twice.parameters.get(p.name);
    CHECK(q.mask == p.mask);
    if (p.role != nn::Role::kWeight) {
      CHECK(q.value == p.value);
      continue;
    }
    CHECK(q.bits > 0.0);
    CHECK(r.bits == q.bits);
    for (std::int64_t i = 0; i < q.value.count(); ++i) {
      if (!p.mask.empty() && p.mask.get(i) == 0.0) REQUIRE(q.value.get(i) == 0.0);
      if (!quantizer->idempotent()) continue;
      REQUIRE(std::abs(r.value.get(i) - q.value.get(i)) <= relative * std::abs(q.value.get(i)));
    }
  }
}

}  // namespace assay::testing
