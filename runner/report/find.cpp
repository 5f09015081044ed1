// Entries of a table by the names that a user gives.
#include "runner/report/find.h"

#include <algorithm>
#include <stdexcept>

#include "runner/registry/diagnostics.h"
#include "runner/report/layout.h"

namespace assay::report {

namespace {

using Names = std::vector<std::vector<std::string>>;

constexpr std::size_t kMostListed = 20;

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (std::size_t i = 0; i < std::min(names.size(), kMostListed); ++i)
    out += (i ? ", " : "") + ("\"" + names[i] + "\"");
  if (names.size() > kMostListed)
    out += " and " + std::to_string(names.size() - kMostListed) + " more";
  return out;
}

std::string without_spaces(const std::string& text) {
  std::string out;
  std::copy_if(text.begin(), text.end(), std::back_inserter(out), [](char c) { return c != ' '; });
  return out;
}

[[noreturn]] void unknown(const std::string& what, const std::string& wanted,
                          std::vector<std::string> names, const Names& labels) {
  const std::string all = listed(names);
  for (const auto& parts : labels) names.insert(names.end(), parts.begin(), parts.end());
  if (wanted.empty()) throw std::runtime_error("name a " + what + " of the table: " + all);
  const std::string near = suggestion(wanted, names);
  throw std::runtime_error("the table has no " + what + " \"" + wanted + "\"" +
                           (near.empty() ? "; it has: " : near + " It has: ") + all);
}

std::size_t find_line(const std::string& what, const Names& labels, const std::string& wanted) {
  std::vector<std::string> names, matching;
  for (const auto& parts : labels) names.push_back(name_of(parts));
  if (wanted.empty() && labels.size() == 1) return 0;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == wanted) return i;
  std::size_t last = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool whole = without_spaces(names[i]) == without_spaces(wanted);
    if (!whole && std::find(labels[i].begin(), labels[i].end(), wanted) == labels[i].end())
      continue;
    matching.push_back(names[i]);
    last = i;
  }
  if (matching.empty()) unknown(what, wanted, names, labels);
  if (matching.size() > 1)
    throw std::runtime_error("\"" + wanted + "\" is several " + what +
                             "s of the table: " + listed(matching) + "; name one");
  return last;
}

std::vector<std::size_t> find_values(const Table& table, const std::string& wanted) {
  std::vector<std::size_t> out;
  std::vector<std::string> names;
  Names short_names;
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    const std::string& name = table.values[v].name;
    names.push_back(name);
    short_names.push_back({name.substr(name.find('.') + 1)});
    if (wanted.empty() || name == wanted || short_names.back()[0] == wanted) out.push_back(v);
  }
  if (out.empty()) unknown("value", wanted, names, short_names);
  return out;
}

}  // namespace

std::string name_of(const std::vector<std::string>& labels) {
  return labels.empty() ? "all" : join(labels, " / ");
}

Found find_entry(const Table& table, const std::string& row, const std::string& column,
                 const std::string& value) {
  Found out;
  out.row = find_line("row", table.rows, row);
  const bool values_are_columns = table.columns.empty();
  if (!values_are_columns) out.column = find_line("column", table.columns, column);
  out.values = find_values(table, values_are_columns && value.empty() ? column : value);
  return out;
}

}  // namespace assay::report
