#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runner/config/study.h"
#include "runner/explain/account.h"
#include "runner/graph/linker.h"
#include "runner/registry/key.h"

namespace assay::explain {

// Where a stored cell comes from: origins/<key>.toml, committed before the first cell of a run.
// With the axis values in its record that is all that the cell's key was made of, and by what.
struct Origin {
  struct Maker {
    std::string assay, build, compiler, processor, host;
    std::int64_t jobs = 0;
    // Whether equal bits are promised between the two.
    bool same(const Maker& other) const {
      return build == other.build && processor == other.processor;
    }
  };
  Maker maker;
  std::uint64_t seed = 0;
  std::vector<StageConfig> stages;
  Catalogue parts;
};

// This program on this machine.
Origin::Maker this_maker(int jobs);
std::string text(const Origin::Maker& maker);

Origin origin_of(const config::Study& study, int jobs);
std::string write_origin(const Origin& origin);
Origin parse_origin(const std::string& text);  // throws StudyError or std::runtime_error
// Nothing where it is lost or damaged.
std::optional<Origin> read_origin(const std::filesystem::path& folder, const Key& key);

// The axis values in a record's `config`, without the replicate.
Value axes_of(const std::string& config);
// Accounts of a stored cell, and of a cell of a study.
Node account_of(const Origin& origin, const Value& axes);
Node account_of(const config::Study& study, const graph::Linker& linker,
                const std::vector<int>& choice, const Catalogue& parts);

}  // namespace assay::explain
