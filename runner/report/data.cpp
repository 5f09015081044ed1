// Tables for programs: CSV and JSON.
#include <nlohmann/json.hpp>

#include "runner/registry/value.h"
#include "runner/report/layout.h"

namespace assay::report {

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

namespace {

// Every entry, values outermost, with its place: value, row and column.
template <class Visit>
void for_each_entry(const Table& table, const Visit& visit) {
  const std::size_t columns = std::max<std::size_t>(1, table.columns.size());
  for (std::size_t v = 0; v < table.values.size(); ++v)
    for (std::size_t r = 0; r < table.rows.size(); ++r)
      for (std::size_t c = 0; c < columns; ++c) visit(table.entries[v][r][c], v, r, c);
}

std::vector<std::string> column_labels(const Table& table, std::size_t column) {
  return column < table.columns.size() ? table.columns[column] : std::vector<std::string>();
}

}  // namespace

std::string csv(const Table& table) {
  std::string out;
  for (const auto& name : table.row_names) out += csv_field(name) + ",";
  for (const auto& name : table.column_names) out += csv_field(name) + ",";
  out += "metric,mean,sd,n,failed,missing\n";
  for_each_entry(table,
                 [&](const Table::Entry& entry, std::size_t v, std::size_t r, std::size_t c) {
                   for (const auto& label : table.rows[r]) out += csv_field(label) + ",";
                   for (const auto& label : column_labels(table, c)) out += csv_field(label) + ",";
                   const auto& summary = entry.summary;
                   out += csv_field(table.values[v].name) + "," +
                          (summary.count > 0 ? number_text(summary.mean) : "") + "," +
                          (summary.count > 1 ? number_text(summary.deviation) : "") + "," +
                          std::to_string(summary.count) + "," + std::to_string(entry.failed) + "," +
                          std::to_string(entry.missing) + "\n";
                 });
  return out;
}

std::string json(const Table& table) {
  nlohmann::ordered_json out;
  out["title"] = table.title;
  out["rows"] = table.row_names;
  out["columns"] = table.column_names;
  out["entries"] = nlohmann::ordered_json::array();
  for_each_entry(table,
                 [&](const Table::Entry& entry, std::size_t v, std::size_t r, std::size_t c) {
                   nlohmann::ordered_json item;
                   item["row"] = table.rows[r];
                   item["column"] = column_labels(table, c);
                   item["metric"] = table.values[v].name;
                   if (entry.summary.count > 0) item["mean"] = entry.summary.mean;
                   if (entry.summary.count > 1) item["sd"] = entry.summary.deviation;
                   if (entry.summary.count > 1)
                     item["half_width_95"] = analyse::half_width_95(entry.summary);
                   item["n"] = entry.summary.count;
                   item["failed"] = entry.failed;
                   item["missing"] = entry.missing;
                   item["best"] = entry.standing == Standing::kBest;
                   out["entries"].push_back(std::move(item));
                 });
  out["notes"] = lay_out(table).notes;
  // A component's message may hold bytes that are no UTF-8; they must not cost the table.
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace assay::report
