// Tables for programs: CSV and JSON.
#include <cmath>
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

using nlohmann::ordered_json;

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

const char* standing_name(Standing standing) {
  switch (standing) {
    case Standing::kBest:
      return "best";
    case Standing::kTied:
      return "tied";
    case Standing::kWorse:
      return "worse";
    case Standing::kUndecided:
      return "undecided";
    case Standing::kUnmarked:
      break;
  }
  return "";
}

bool is_compared(const Table::Entry& entry) {
  return entry.standing == Standing::kTied || entry.standing == Standing::kWorse;
}

bool has_interval(const Table::Entry& entry) {
  return std::isfinite(entry.interval.low) && std::isfinite(entry.interval.high);
}

std::string csv_of(const Table::Entry& entry) {
  const auto& summary = entry.summary;
  std::string marks;
  for (const std::size_t footnote : entry.footnotes)
    marks += (marks.empty() ? "" : " ") + footnote_mark(footnote);
  if (entry.paper) marks += (marks.empty() ? "" : " ") + footnote_mark(entry.paper->footnote);
  const auto number = [](bool known, double value) { return known ? number_text(value) : ""; };
  const bool spread = entry.paper && entry.paper->spread;
  return join(
      {number(summary.count > 0, summary.mean), number(summary.count > 1, summary.deviation),
       std::to_string(summary.count), std::to_string(entry.failed), std::to_string(entry.missing),
       number(has_interval(entry), entry.interval.low),
       number(has_interval(entry), entry.interval.high), standing_name(entry.standing),
       number(is_compared(entry), entry.p),
       number(entry.paper.has_value(), entry.paper ? entry.paper->value : 0.0),
       number(spread, spread ? *entry.paper->spread : 0.0), marks},
      ",");
}

ordered_json json_of(const Table::Entry& entry) {
  ordered_json out;
  if (entry.summary.count > 0) out["mean"] = entry.summary.mean;
  if (entry.summary.count > 1) {
    out["sd"] = entry.summary.deviation;
    out["half_width_95"] = analyse::half_width_95(entry.summary);
  }
  if (has_interval(entry)) out["interval_95"] = {entry.interval.low, entry.interval.high};
  out["n"] = entry.summary.count;
  out["failed"] = entry.failed;
  out["missing"] = entry.missing;
  out["best"] = entry.standing == Standing::kBest;
  if (entry.standing != Standing::kUnmarked) out["standing"] = standing_name(entry.standing);
  if (is_compared(entry)) {
    out["p_adjusted"] = entry.p;
    out["common_seeds"] = entry.pairs;
  }
  for (const std::size_t footnote : entry.footnotes)
    out["footnotes"].push_back(footnote_mark(footnote));
  if (entry.paper) {
    ordered_json paper = {{"value", entry.paper->value},
                          {"footnote", footnote_mark(entry.paper->footnote)}};
    if (entry.paper->spread) paper["spread"] = *entry.paper->spread;
    out["paper"] = std::move(paper);
  }
  return out;
}

}  // namespace

std::string csv(const Table& table) {
  std::string out;
  for (const auto& name : table.row_names) out += csv_field(name) + ",";
  for (const auto& name : table.column_names) out += csv_field(name) + ",";
  out +=
      "metric,mean,sd,n,failed,missing,low_95,high_95,standing,p_adjusted,paper,paper_spread,"
      "footnotes\n";
  for_each_entry(table,
                 [&](const Table::Entry& entry, std::size_t v, std::size_t r, std::size_t c) {
                   for (const auto& label : table.rows[r]) out += csv_field(label) + ",";
                   for (const auto& label : column_labels(table, c)) out += csv_field(label) + ",";
                   out += csv_field(table.values[v].name) + "," + csv_of(entry) + "\n";
                 });
  return out;
}

std::string json(const Table& table) {
  ordered_json out;
  out["title"] = table.title;
  out["rows"] = table.row_names;
  out["columns"] = table.column_names;
  out["metrics"] = ordered_json::array();
  for (const Table::Value& value : table.values)
    out["metrics"].push_back({{"name", value.name},
                              {"best", value.best == Best::kHighest  ? "highest"
                                       : value.best == Best::kLowest ? "lowest"
                                                                     : "none"}});
  out["alpha"] = table.alpha;
  out["entries"] = ordered_json::array();
  for_each_entry(table,
                 [&](const Table::Entry& entry, std::size_t v, std::size_t r, std::size_t c) {
                   ordered_json item = {{"row", table.rows[r]},
                                        {"column", column_labels(table, c)},
                                        {"metric", table.values[v].name}};
                   item.update(json_of(entry));
                   out["entries"].push_back(std::move(item));
                 });
  const Layout layout = lay_out(table);
  out["notes"] = layout.notes;
  for (const std::string* line : {&layout.legend.best, &layout.legend.tied, &layout.legend.rest})
    if (!line->empty()) out["notes"].push_back(*line);
  out["footnotes"] = ordered_json::array();
  for (std::size_t i = 0; i < table.footnotes.size(); ++i)
    out["footnotes"].push_back({{"mark", footnote_mark(i)},
                                {"text", table.footnotes[i].text},
                                {"paper", table.footnotes[i].paper}});
  // A component's message may hold bytes that are no UTF-8; they must not cost the table.
  return out.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace assay::report
