// assay trace: what stands behind a number of the table.
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "runner/cli/command.h"
#include "runner/cli/tabulate.h"
#include "runner/cli/traced.h"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;
using report::Table;

std::string place_of(const Position& where) {
  return where.known() ? where.source->name + ":" + std::to_string(where.line) : "";
}

const char* state_of(const store::CellRecord* record) {
  if (!record) return "missing";
  return record->status == store::Status::kDone ? "done" : "failed";
}

std::string standing_text(const Table& table, const Table::Entry& entry) {
  const std::string pairs = std::to_string(entry.pairs) + " common seeds";
  switch (entry.standing) {
    case report::Standing::kBest:
      return "the best of those that it is compared with";
    case report::Standing::kTied:
      return "not significantly worse than the best (p = " + number_text(entry.p) + ", " + pairs +
             ", Holm)";
    case report::Standing::kWorse:
      return "significantly worse than the best (p = " + number_text(entry.p) + ", " + pairs +
             ", Holm)";
    case report::Standing::kUndecided:
      return "not judged against the best: it takes " + std::to_string(table.seeds_needed) +
             " common seeds, there are " + std::to_string(entry.pairs);
    case report::Standing::kUnmarked:
      break;
  }
  return "";
}

std::string value_text(const std::optional<double>& value) {
  return value ? number_text(*value) : "–";
}

void print_entry(const Table& table, const std::string& name, const Table::Entry& entry) {
  const auto& s = entry.summary;
  std::cout << name << "\n";
  if (s.count == 0)
    std::cout << "  no value\n";
  else
    std::cout << "  mean " << number_text(s.mean) << " over n = " << s.count << "\n";
  if (s.count > 1) {
    std::cout << "  standard deviation " << number_text(s.deviation) << "\n";
    if (std::isfinite(entry.interval.low) && std::isfinite(entry.interval.high))
      std::cout << "  95% interval of the mean " << number_text(entry.interval.low) << " to "
                << number_text(entry.interval.high)
                << (table.spread == report::Spread::kBca ? " (BCa bootstrap)" : " (Student's t)")
                << "\n";
  }
  if (const std::string text = standing_text(table, entry); !text.empty())
    std::cout << "  " << text << "\n";
  if (entry.paper)
    std::cout << "  the paper: " << number_text(entry.paper->value)
              << (entry.paper->spread ? " ± " + number_text(*entry.paper->spread) : "") << " ("
              << table.footnotes[entry.paper->footnote].text << ")\n";
}

// Columns of text, each as wide as its widest.
void print_columns(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (c >= widths.size()) widths.push_back(0);
      widths[c] = std::max(widths[c], row[c].size());
    }
  for (const auto& row : rows) {
    std::string line = " ";
    for (std::size_t c = 0; c < row.size(); ++c)
      line += " " + row[c] + std::string(widths[c] - row[c].size() + 1, ' ');
    std::cout << line.substr(0, line.find_last_not_of(' ') + 1) << "\n";
  }
}

void print_settings(const Trace& trace) {
  std::cout << "\nconfiguration";
  if (trace.variants > 1) std::cout << " of the first of " << trace.variants << " variants";
  std::cout << "\n";
  std::vector<std::vector<std::string>> lines;
  for (const Setting& one : trace.settings)
    lines.push_back({one.path + " = " + one.text, place_of(one.where), one.axis ? "axis" : ""});
  print_columns(lines);
}

void print_cells(const Trace& trace) {
  std::vector<std::vector<std::string>> lines = {{"cell", "replicate", "key", "state"}};
  for (const Table::Value* value : trace.values) lines[0].push_back(value->name);
  lines[0].emplace_back("stored in");
  std::string failures;
  const auto& cells = trace.entries.front()->cells;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const store::CellRecord* record = trace.records[i];
    auto& line = lines.emplace_back();
    line = {std::to_string(cells[i].number), std::to_string(cells[i].replicate),
            trace.keys[i].hex().substr(0, 8), state_of(record)};
    for (const Table::Entry* entry : trace.entries)
      line.push_back(value_text(entry->cells[i].value));
    line.push_back(trace.files[i]);
    if (record && record->status == store::Status::kFailed)
      failures += "  cell " + std::to_string(cells[i].number) + " failed in stage " +
                  record->failed_stage + ": " + record->message + "\n";
  }
  std::cout << "\ncells\n";
  print_columns(lines);
  std::cout << failures;
}

void print_artifacts(const Trace& trace) {
  std::vector<std::vector<std::string>> lines;
  for (const Kept& one : trace.artifacts) {
    std::string replicates;
    for (const std::uint64_t replicate : one.replicates)
      replicates += (replicates.empty() ? "" : ", ") + std::to_string(replicate);
    lines.push_back({one.stage, one.key.hex().substr(0, 8), "replicate " + replicates,
                     one.file.empty() ? "not kept" : one.file});
  }
  std::cout << "\nartifacts\n";
  print_columns(lines);
}

void print(const Trace& trace, const Table& table) {
  std::cout << trace.row << (trace.column.empty() ? "" : ", " + trace.column) << "\n\n";
  for (std::size_t i = 0; i < trace.values.size(); ++i)
    print_entry(table, trace.values[i]->name, *trace.entries[i]);
  if (trace.entries.front()->cells.empty()) {
    std::cout << "the study has no cell there\n";
    return;
  }
  print_settings(trace);
  print_cells(trace);
  print_artifacts(trace);
}

Json json_of(const Trace& trace, const Table& table) {
  Json out = {{"row", trace.row}, {"column", trace.column}};
  for (const char* list : {"values", "configuration", "cells", "artifacts"})
    out[list] = Json::array();
  for (std::size_t i = 0; i < trace.values.size(); ++i) {
    const Table::Entry& entry = *trace.entries[i];
    Json one = {{"metric", trace.values[i]->name}, {"n", entry.summary.count}};
    if (entry.summary.count > 0) one["mean"] = entry.summary.mean;
    if (entry.summary.count > 1) one["sd"] = entry.summary.deviation;
    if (const std::string text = standing_text(table, entry); !text.empty()) one["standing"] = text;
    if (entry.paper)
      one["paper"] = {{"value", entry.paper->value},
                      {"note", table.footnotes[entry.paper->footnote].text}};
    out["values"].push_back(std::move(one));
  }
  for (const Setting& one : trace.settings)
    out["configuration"].push_back({{"path", one.path},
                                    {"value", one.text},
                                    {"where", place_of(one.where)},
                                    {"axis", one.axis}});
  const auto& cells = trace.entries.front()->cells;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const store::CellRecord* record = trace.records[i];
    Json one = {{"cell", cells[i].number},
                {"replicate", cells[i].replicate},
                {"key", trace.keys[i].hex()},
                {"state", state_of(record)},
                {"values", Json::object()}};
    for (std::size_t v = 0; v < trace.values.size(); ++v)
      if (const auto value = trace.entries[v]->cells[i].value)
        one["values"][trace.values[v]->name] = *value;
    if (!trace.files[i].empty()) one["file"] = trace.files[i];
    if (record && record->status == store::Status::kFailed)
      one["failed_stage"] = record->failed_stage, one["message"] = record->message;
    out["cells"].push_back(std::move(one));
  }
  for (const Kept& one : trace.artifacts) {
    Json artifact = {{"stage", one.stage}, {"key", one.key.hex()}, {"replicates", one.replicates}};
    if (!one.file.empty()) artifact["file"] = one.file;
    out["artifacts"].push_back(std::move(artifact));
  }
  return out;
}

// The words after --cell, which may look like options ("-1"); they are taken out of `arguments`.
std::vector<std::string> take_cell(Arguments& arguments) {
  const auto option = std::find(arguments.begin(), arguments.end(), "--cell");
  if (option == arguments.end()) return {};
  auto end = option + 1;
  while (end != arguments.end() && end - option <= 2 && !end->starts_with("--")) ++end;
  const std::vector<std::string> out(option + 1, end);
  if (out.empty()) throw UsageError("--cell needs a row and, where there are several, a column");
  arguments.erase(option, end);
  return out;
}

}  // namespace

int trace_command(const Arguments& arguments) {
  Arguments rest = arguments;
  std::vector<std::string> cell = take_cell(rest);
  po::options_description options = study_options();
  options.add_options()("cell", po::value<std::string>(),
                        "ROW [COLUMN]: labels as the table shows them, several of a row joined by "
                        "\" / \"; where the table has no column axis, COLUMN is a metric")(
      "metric", po::value<std::string>()->default_value(""),
      "the value that is traced, where the table has several; all where absent")(
      "json", po::bool_switch(), "as JSON");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(rest, "trace DIR|STUDY --cell ROW [COLUMN] [options]", options, vm, loaded, code))
    return code;
  if (cell.empty() && vm.count("cell")) cell = {vm["cell"].as<std::string>()};  // --cell=ROW
  cell.resize(2);
  const Table table = tabulate(*loaded.study, loaded.results);
  if (table.values.empty()) throw UsageError("nothing is stored yet: there is no number to trace");
  report::Found found;
  try {
    found = report::find_entry(table, cell[0], cell[1], vm["metric"].as<std::string>());
  } catch (const std::runtime_error& error) {
    throw UsageError(error.what());
  }
  const Trace trace = trace_entries(loaded, table, found);
  if (vm["json"].as<bool>())
    std::cout << json_of(trace, table).dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  else
    print(trace, table);
  return 0;
}

}  // namespace assay::cli
