// A table in a text file, a row in each line (RFC 4180: quotes around a field may hide delimiters
// and line breaks). Every column that has no other role is a numeric feature; `categorical` ones
// give an indicator for each of their values. The values of the label column are the classes,
// sorted: as numbers where all are numbers, else by their bytes.
#include <algorithm>
#include <limits>
#include <map>

#include "components/datasets/delimited.h"
#include "components/datasets/table.h"

namespace assay::datasets {
namespace {

struct Csv final : FileDataset {
  enum class Missing { kError, kMean };
  static constexpr Info kInfo{"csv", 1, "A table in a text file of one's own.",
                              "RFC 4180 (the format)"};
  static constexpr std::string_view kExample =
      "file = \"iris.csv\", header = false, skip = 1, label = \"-1\"";
  bool header = true;
  std::string delimiter = ",";
  int skip = 0;
  std::string label;
  std::vector<std::string> targets;
  std::vector<std::string> ignore;
  std::vector<std::string> categorical;
  Missing missing = Missing::kError;
  std::vector<std::string> missing_values = {"", "?", "NA", "NaN", "nan"};

  static void params(Params<Csv>& p) {
    add_file(p);
    p.add("header", &Csv::header).doc("Whether the first line names the columns.");
    p.add("delimiter", &Csv::delimiter).doc("Between fields: one character, \"\\t\" for a tab.");
    p.add("skip", &Csv::skip).range(0, 1e6).unit("lines").doc("Left out before the header.");
    p.add("label", &Csv::label)
        .doc("Column of the class: its name, or its number from 1, or from -1 backwards.");
    p.add("targets", &Csv::targets).doc("Columns to predict as numbers, named likewise.");
    p.add("ignore", &Csv::ignore).doc("Columns that are left out.");
    p.add("categorical", &Csv::categorical).doc("Feature columns whose values are names.");
    p.add("missing", &Csv::missing, {"error", "mean"})
        .doc("A missing feature stops the study, or becomes the mean of the training part.");
    p.add("missing_values", &Csv::missing_values).doc("What stands for a missing value.");
    add_rule(p);
  }

  std::string check() const override {
    const bool good = delimiter.size() == 1 && delimiter != "\"" && delimiter != "\n";
    return good ? FileDataset::check()
                : "delimiter = \"" + delimiter + "\"; allowed: one character, not a quote";
  }

  bool is_missing(const Field& field) const {
    return !field.quoted && std::find(missing_values.begin(), missing_values.end(), field.text) !=
                                missing_values.end();
  }

  // Rows of equal length, the header taken off them.
  std::vector<std::string> take_names(std::span<const std::vector<Field>>& rows) const {
    if (rows.empty()) throw std::runtime_error(file + " has no rows");
    const std::size_t width = rows.front().size();
    for (const auto& row : rows)
      if (row.size() != width)
        throw_at(
            file, row.front().line, row.front().column,
            "expected " + std::to_string(width) + " fields, found " + std::to_string(row.size()));
    std::vector<std::string> names;
    for (std::size_t c = 0; c < width; ++c)
      names.push_back(header ? std::string(rows.front()[c].text) : std::to_string(c + 1));
    if (header) rows = rows.subspan(1);
    return names;
  }

  double number_in(const Field& field, const std::string& name, bool may_miss) const {
    if (is_missing(field)) {
      if (may_miss) return std::numeric_limits<double>::quiet_NaN();
      throw_at(file, field.line, field.column,
               "column \"" + name + "\" is missing (missing = \"mean\" fills features)");
    }
    double out = 0.0;
    if (!parse_number(field.text, out))
      throw_at(file, field.line, field.column,
               "column \"" + name + "\" has \"" + std::string(field.text) +
                   "\" where a number belongs; name the column in categorical, ignore or label");
    return out;
  }

  // The values of a column by name, in order.
  static std::vector<std::string> sorted_names(const std::map<std::string, int>& seen) {
    std::vector<std::pair<double, std::string>> out;
    bool numbers = true;
    for (const auto& [text, count] : seen) {
      out.emplace_back(0.0, text);
      numbers = parse_number(text, out.back().first) && numbers;
    }
    if (numbers) std::sort(out.begin(), out.end());
    std::vector<std::string> names;
    names.reserve(out.size());
    for (auto& [number, text] : out) names.push_back(std::move(text));
    return names;
  }

  void fill_nominal(std::span<const std::vector<Field>> rows, std::size_t c, bool may_miss,
                    Column& column) const {
    std::map<std::string, int> order;
    for (const auto& row : rows) {
      if (!is_missing(row[c]))
        order.emplace(row[c].text, 0);
      else if (!may_miss)
        throw_at(file, row[c].line, row[c].column, "column \"" + column.name + "\" is missing");
    }
    column.categories = sorted_names(order);
    for (std::size_t k = 0; k < column.categories.size(); ++k)
      order[column.categories[k]] = static_cast<int>(k);
    for (const auto& row : rows)
      column.values.push_back(is_missing(row[c]) ? std::numeric_limits<double>::quiet_NaN()
                                                 : order[std::string(row[c].text)]);
  }

  std::shared_ptr<const Data> make() const override {
    const std::string text = bytes();
    const Delimited fields(text, delimiter.front(), skip, file);
    std::span<const std::vector<Field>> rows(fields.rows());
    const auto names = take_names(rows);
    const auto roles = resolve_roles(names, {label, targets, ignore}, file);
    std::vector<bool> nominal(names.size());
    for (const std::string& name : categorical) nominal[find_column(names, name, file)] = true;
    Table table{file, static_cast<int>(rows.size()), {}, {}};
    for (const auto& row : rows) table.lines.push_back(row.front().line);
    for (std::size_t c = 0; c < names.size(); ++c) {
      Column& column = table.columns.emplace_back();
      column.name = names[c];
      const bool may_miss = missing == Missing::kMean && roles[c] == Role::kFeature;
      if (roles[c] == Role::kIgnored) continue;
      if (roles[c] == Role::kLabel || nominal[c])
        fill_nominal(rows, c, may_miss, column);
      else
        for (const auto& row : rows)
          column.values.push_back(number_in(row[c], column.name, may_miss));
    }
    return make_from_table("csv", table, roles, *this);
  }
};
ASSAY_REGISTER(Dataset, Csv);

}  // namespace
}  // namespace assay::datasets
