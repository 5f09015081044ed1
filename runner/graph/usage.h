#pragma once

#include <map>
#include <set>
#include <string>

#include "runner/config/study.h"

namespace assay::graph {

// The components that a study names in any of its variants, as "kind.name"; what it takes by
// default is not counted.
std::set<std::string> components_of(const config::Study& study);

// For each component the studies under a folder that use it, by their paths from there. A study
// with mistakes uses nothing.
std::map<std::string, std::set<std::string>> studies_by_component(const std::string& folder);

}  // namespace assay::graph
