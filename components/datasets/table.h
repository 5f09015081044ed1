#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "components/datasets/file.h"

namespace assay {

// A column of a file: numbers (NaN where one is missing), or, where it has categories, which of
// them.
struct Column {
  std::string name;
  std::vector<std::string> categories;
  std::vector<double> values;
};

struct Table {
  std::string what;  // the file, for messages
  int rows = 0;
  std::vector<Column> columns;
  std::vector<int> lines;  // of each row, in the file
};

// Which columns are what, each by its name, or by its number from 1, or from -1 backwards. The
// others are features; one with categories gives an indicator for each of them.
struct Roles {
  std::string label;  // empty: no labels
  std::vector<std::string> targets;
  std::vector<std::string> ignore;
};

enum class Role { kFeature, kLabel, kTarget, kIgnored };

// Throws std::runtime_error where a column is not there, or has two roles.
std::vector<Role> resolve_roles(const std::vector<std::string>& names, const Roles& roles,
                                const std::string& what);
std::size_t find_column(const std::vector<std::string>& names, const std::string& wanted,
                        const std::string& what);

// The number that a text is, whole and finite as a float; else false.
bool parse_number(std::string_view text, double& out);

// Labels and targets must not be missing; a missing feature becomes its training mean.
std::shared_ptr<const Data> make_from_table(const std::string& name, const Table& table,
                                            const std::vector<Role>& roles, const SplitRule& rule);

}  // namespace assay
