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

std::string csv(const Table& table) {
  std::string out;
  for (const auto& name : table.row_names) out += csv_field(name) + ",";
  for (const auto& name : table.column_names) out += csv_field(name) + ",";
  out += "metric,mean,sd,n,failed,missing\n";
  const std::size_t columns = std::max<std::size_t>(1, table.columns.size());
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        const Table::Entry& entry = table.entries[v][r][c];
        for (const auto& label : table.rows[r]) out += csv_field(label) + ",";
        if (c < table.columns.size())
          for (const auto& label : table.columns[c]) out += csv_field(label) + ",";
        const bool any = entry.summary.count > 0;
        out += csv_field(table.values[v].name) + "," +
               (any ? number_text(entry.summary.mean) : "") + "," +
               (entry.summary.count > 1 ? number_text(entry.summary.deviation) : "") + "," +
               std::to_string(entry.summary.count) + "," + std::to_string(entry.failed) + "," +
               std::to_string(entry.missing) + "\n";
      }
    }
  }
  return out;
}

std::string json(const Table& table) {
  nlohmann::ordered_json out;
  out["title"] = table.title;
  out["rows"] = table.row_names;
  out["columns"] = table.column_names;
  out["entries"] = nlohmann::ordered_json::array();
  const std::size_t columns = std::max<std::size_t>(1, table.columns.size());
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    const auto marks = best_marks(table, v);
    for (std::size_t r = 0; r < table.rows.size(); ++r) {
      for (std::size_t c = 0; c < columns; ++c) {
        const Table::Entry& entry = table.entries[v][r][c];
        nlohmann::ordered_json item;
        item["row"] = table.rows[r];
        item["column"] = c < table.columns.size() ? table.columns[c] : std::vector<std::string>();
        item["metric"] = table.values[v].name;
        if (entry.summary.count > 0) item["mean"] = entry.summary.mean;
        if (entry.summary.count > 1) item["sd"] = entry.summary.deviation;
        if (entry.summary.count > 1) item["half_width_95"] = analyse::half_width_95(entry.summary);
        item["n"] = entry.summary.count;
        item["failed"] = entry.failed;
        item["missing"] = entry.missing;
        item["best"] = marks[r][c] != 0;
        out["entries"].push_back(std::move(item));
      }
    }
  }
  out["notes"] = lay_out(table).notes;
  // A component's message may hold bytes that are no UTF-8; they must not cost the table.
  return out.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace assay::report
