#pragma once

#include <map>
#include <optional>
#include <vector>

#include "runner/explain/account.h"

namespace assay::explain {

// Stored cells that differ in their replicate alone.
struct StoredVariant {
  Node account;
  std::map<std::uint64_t, std::size_t> records;  // replicate -> index of the record; not empty
};

struct Nearest {
  std::size_t variant = 0, record = 0;
  std::vector<Difference> differences;  // from the stored cell to the one asked for
};

// The stored cell with the fewest differences, the replicate counting as one; the first among
// equals. Nothing where nothing is stored.
std::optional<Nearest> nearest(const Node& wanted, std::uint64_t replicate,
                               const std::vector<StoredVariant>& stored);

}  // namespace assay::explain
