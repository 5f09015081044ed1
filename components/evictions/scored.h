#pragma once

#include "components/evictions/eviction.h"
#include "runner/registry/registry.h"

namespace assay::evictions {

// Policies that drop the entry of the lowest score, but none of the newest `recent`, that which
// arrives among them; ties go to the oldest. What they keep has gaps, so that keys are turned by
// their position, as published, unless by place is asked for: then nothing ever seems further away
// than the cache is long, as sequences longer than those of training need.
class ScoredEviction : public Eviction {
 public:
  enum class Turned { kPosition, kPlace };
  int recent = 0;
  Turned turned = Turned::kPosition;

  std::string check_capacity(int capacity) const override;
  bool by_place() const final { return turned == Turned::kPlace; }
  int drop(const KeptEntries& kept, const Arrival& entry, Stream& stream) const final;

 protected:
  template <class T>
  static void turned_param(Params<T>& p) {
    p.add("turned", &ScoredEviction::turned, {"position", "place"})
        .doc("What keys are turned by: position in the sequence, or place among the kept.");
  }
  // How many of the newest stay in a cache of this capacity.
  virtual int kept_recent(int /*capacity*/) const { return recent; }
  virtual double score(const KeptEntries& kept, int row, Stream& stream) const = 0;
};

}  // namespace assay::evictions
