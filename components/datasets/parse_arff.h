#pragma once

#include <string>

#include "components/datasets/table.h"

namespace assay {

// Attribute-Relation File Format: numeric (real, integer) and nominal attributes, "?" for a missing
// value, quotes of both kinds, % comments. Attributes of strings and dates are read as columns
// without values, which have to be ignored; sparse rows are refused. Throws std::runtime_error
// "what:line:column: …".
struct Arff {
  Table table;
  std::vector<std::string> names;
  std::vector<bool> unreadable;  // strings and dates
};
Arff parse_arff(std::string_view text, const std::string& what);

}  // namespace assay
