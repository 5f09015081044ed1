#pragma once

#include <string>
#include <vector>

#include "runner/registry/value.h"

namespace assay::explain {

// What differs between two trees, value by value, with the place of each:
// `stage.base.steps: 5 (a.toml:11) | 9 (b.toml:11)`.
std::vector<std::string> value_differences(const Value& a, const Value& b);

}  // namespace assay::explain
