#include "components/datasets/table.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace assay {

namespace {

constexpr std::size_t kMostClasses = 65536, kMostIndicators = 4096;
// Indicators can make a small file large; what stands in the file itself cannot.
constexpr std::uint64_t kMostCells = std::uint64_t{1} << 28;

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}

// Columns that a feature takes: one, or one for each category.
std::size_t width_of(const Column& column) {
  return column.categories.empty() ? 1 : column.categories.size();
}

struct Layout {
  std::vector<const Column*> features, targets;
  const Column* label = nullptr;
  int width = 0;
};

// Throws where a column cannot be what it is to be.
void check_role(const Table& table, const Column& column, Role role) {
  const std::size_t categories = column.categories.size();
  const std::string name = table.what + ": column " + quoted(column.name);
  if (role == Role::kFeature && categories > kMostIndicators)
    throw std::runtime_error(
        name + " has " + std::to_string(categories) +
        " categories; allowed for a feature: " + std::to_string(kMostIndicators));
  if (role == Role::kLabel && categories == 0)
    throw std::runtime_error(name + " is numeric and cannot be the label");
  if (role == Role::kLabel && categories > kMostClasses)
    throw std::runtime_error(name + " has more than 65536 classes");
  if (role == Role::kTarget && categories > 0)
    throw std::runtime_error(name + " is not numeric and cannot be a target");
}

Layout lay_out(const Table& table, const std::vector<Role>& roles) {
  if (table.rows == 0) throw std::runtime_error(table.what + " has no rows");
  Layout out;
  std::size_t width = 0;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const Column& column = table.columns[c];
    check_role(table, column, roles[c]);
    if (roles[c] == Role::kFeature) out.features.push_back(&column);
    if (roles[c] == Role::kTarget) out.targets.push_back(&column);
    if (roles[c] == Role::kLabel) out.label = &column;
    if (roles[c] == Role::kFeature) width += width_of(column);
  }
  const auto rows = static_cast<std::uint64_t>(table.rows);
  if (width == 0) throw std::runtime_error(table.what + " has no feature");
  if (!fits_into(rows, width, std::max(kMostCells, rows * table.columns.size())))
    throw std::runtime_error(table.what + " gives " + std::to_string(width) + " features for " +
                             std::to_string(rows) + " rows, which is too much");
  out.width = static_cast<int>(width);
  return out;
}

void require_value(const Table& table, const Column& column, std::size_t row) {
  if (!std::isnan(column.values[row])) return;
  throw std::runtime_error(table.what + ":" + std::to_string(table.lines[row]) + ": column " +
                           quoted(column.name) + " is missing");
}

nn::Tensor features_of(const Table& table, const Layout& layout) {
  nn::Tensor out({table.rows, layout.width});
  std::int64_t at = 0;
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row)
    for (const Column* column : layout.features) {
      const double value = column->values[row];
      if (column->categories.empty()) out.set(at, value);
      for (std::size_t k = 0; k < column->categories.size(); ++k)
        out.set(at + static_cast<std::int64_t>(k),
                std::isnan(value) ? value : (value == static_cast<double>(k) ? 1.0 : 0.0));
      at += static_cast<std::int64_t>(width_of(*column));
    }
  return out;
}

}  // namespace

bool parse_number(std::string_view text, double& out) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [next, code] = std::from_chars(text.data(), end, out);
  // Compared in double: what is beyond the largest float would be infinite there.
  return code == std::errc() && next == end &&
         std::abs(out) <= double{std::numeric_limits<float>::max()};
}

std::size_t find_column(const std::vector<std::string>& names, const std::string& wanted,
                        const std::string& what) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == wanted) return i;
  double number = 0.0;
  const auto count = static_cast<double>(names.size());
  if (parse_number(wanted, number) && std::floor(number) == number && number != 0.0 &&
      std::abs(number) <= count)
    return static_cast<std::size_t>(number > 0 ? number - 1 : count + number);
  throw std::runtime_error(what + " has no column " + quoted(wanted) + "; it has " +
                           std::to_string(names.size()) + " columns" +
                           (names.empty() ? "" : ", the first of them " + quoted(names.front())));
}

std::vector<Role> resolve_roles(const std::vector<std::string>& names, const Roles& roles,
                                const std::string& what) {
  std::vector<Role> out(names.size(), Role::kFeature);
  const auto give = [&](const std::string& wanted, Role role) {
    Role& at = out[find_column(names, wanted, what)];
    if (at != Role::kFeature)
      throw std::runtime_error(what + ": column " + quoted(wanted) + " is named twice");
    at = role;
  };
  if (!roles.label.empty()) give(roles.label, Role::kLabel);
  for (const std::string& target : roles.targets) give(target, Role::kTarget);
  for (const std::string& ignored : roles.ignore) give(ignored, Role::kIgnored);
  return out;
}

std::shared_ptr<const Data> make_from_table(const std::string& name, const Table& table,
                                            const std::vector<Role>& roles, const SplitRule& rule) {
  const Layout layout = lay_out(table, roles);
  Examples all;
  all.count = table.rows;
  all.features = features_of(table, layout);
  DataFormat format;
  format.width = layout.width;
  format.targets = static_cast<int>(layout.targets.size());
  if (format.targets > 0) all.targets.resize({all.count, format.targets}, nn::Dtype::kFloat32);
  std::int64_t at = 0;
  for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row)
    for (const Column* target : layout.targets) {
      require_value(table, *target, row);
      all.targets.set(at++, target->values[row]);
    }
  if (layout.label) {
    format.classes = static_cast<int>(layout.label->categories.size());
    for (std::size_t row = 0; row < static_cast<std::size_t>(table.rows); ++row) {
      require_value(table, *layout.label, row);
      all.labels.push_back(static_cast<std::int32_t>(layout.label->values[row]));
    }
  }
  auto out = split_examples(name, all, format, rule);
  if (layout.label) out->symbols = layout.label->categories;
  return out;
}

}  // namespace assay
