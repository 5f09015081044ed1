#pragma once

#include <filesystem>
#include <unordered_map>
#include <vector>

#include "runner/explain/nearest.h"
#include "runner/explain/origin.h"
#include "runner/store/store.h"

namespace assay::explain {

// Everything stored in a results folder, cells that its study no longer has included.
struct History {
  std::filesystem::path folder;
  std::vector<store::CellRecord> records;  // the last finished first
  std::unordered_map<Key, std::size_t> place;
  std::unordered_map<Key, Origin> origins;
  std::vector<StoredVariant> variants;  // of cells that are done and whose origin is kept
  std::vector<StoredVariant> bare;      // of older ones: only their axis values are known

  const store::CellRecord* find(const Key& key) const;
  const Origin* origin(const store::CellRecord& record) const;
};

// `accounts`: with variants and bare, which costs some microseconds a cell.
History read_history(const std::filesystem::path& folder, bool accounts);

// The axis values of a cell of a study, with the positions of the values.
Value axes_of(const config::Study& study, const std::vector<int>& choice);

// Why a cell of a study has another key than the stored cell nearest to it.
struct Reason {
  const store::CellRecord* nearest = nullptr;  // null: nothing is stored
  bool axes_only = false;                      // its origin is not known
  std::vector<Difference> differences;
  std::vector<std::string> lines() const;  // in words
};
// `parts`: the catalogue of the study in this build.
Reason reason_of(const History& history, const config::Study& study, const graph::Linker& linker,
                 const std::vector<int>& choice, std::uint64_t replicate, const Origin& now);

}  // namespace assay::explain
