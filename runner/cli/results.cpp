// table, status, export, samples, weights: what is stored of a study.
#include <filesystem>
#include <iostream>
#include <unordered_set>

#include "runner/cli/command.h"
#include "runner/cli/present.h"
#include "runner/registry/safetensors.h"
#include "runner/report/table.h"

namespace assay::cli {

bool load(const Arguments& arguments, const std::string& usage, po::options_description options,
          po::variables_map& vm, Loaded& out, int& code) {
  code = 0;
  if (!parse(arguments, usage, options, {"study"}, vm)) return false;
  if (!vm.count("study"))
    throw UsageError("a results folder or a study file is needed\nusage: assay " + usage);
  out.study = study_of(vm["study"].as<std::vector<std::string>>().front(), vm, out.folder);
  code = 2;
  if (!out.study) return false;
  out.linker = std::make_unique<graph::Linker>(*out.study);
  Diagnostics checked;
  out.linker->check(checked);
  out.results = read_results(*out.study, *out.linker, out.folder);
  return true;
}

int table_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("format", po::value<std::string>()->default_value("terminal"),
                        "terminal, markdown, latex, csv or json");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "table DIR|STUDY [options]", options, vm, loaded, code)) return code;
  std::cout << render_table(*loaded.study, loaded.results,
                            parse_format(vm["format"].as<std::string>()));
  return 0;
}

int status_command(const Arguments& arguments) {
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "status DIR|STUDY [options]", study_options(), vm, loaded, code))
    return code;
  const Results& results = loaded.results;
  std::cout << loaded.study->name << ": " << results.table.rows.size() << " cells: " << results.done
            << " done, " << results.failed << " failed, " << results.missing << " missing\n";
  for (const auto& row : results.table.rows) {
    if (!row.record || row.record->status != store::Status::kFailed) continue;
    std::cout << "failed in " << row.record->failed_stage << ": " << row.record->message << "\n  "
              << row.record->config << "\n";
  }
  if (results.missing > 0)
    std::cerr << "assay why " << vm["study"].as<std::vector<std::string>>().front()
              << " says why cells are missing\n";
  return results.failed ? 1 : 0;
}

namespace {

using Row = std::remove_cvref_t<decltype(Results{}.table.rows.front())>;

// One cell as a line of CSV: axis values, state, metrics, what went wrong.
void write_row(const decltype(Results::table)& table, const Row& row,
               const std::vector<std::string>& metrics) {
  for (std::size_t a = 0; a < row.axis_values.size(); ++a) {
    const int value = row.axis_values[a];
    if (value >= 0)
      std::cout << report::csv_field(table.axes[a].labels[static_cast<std::size_t>(value)]);
    std::cout << ",";
  }
  const store::CellRecord* record = row.record;
  if (!record) {
    std::cout << row.replicate << ",missing," << std::string(metrics.size(), ',') << ",,\n";
    return;
  }
  std::cout << row.replicate << "," << (record->status == store::Status::kDone ? "done" : "failed")
            << "," << number_text(record->seconds);
  for (const auto& name : metrics) {
    std::cout << ",";
    for (const Measured& m : record->metrics)
      if (m.name == name) std::cout << number_text(m.value);
  }
  std::cout << "," << report::csv_field(record->failed_stage) << ","
            << report::csv_field(record->message) << "\n";
}

}  // namespace

int export_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("csv", po::bool_switch(), "comma-separated values (the default)");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "export DIR|STUDY [--csv]", options, vm, loaded, code)) return code;
  std::vector<std::string> metrics;
  for (const auto& row : loaded.results.table.rows)
    if (row.record)
      for (const Measured& m : row.record->metrics)
        if (std::find(metrics.begin(), metrics.end(), m.name) == metrics.end())
          metrics.push_back(m.name);
  for (const auto& axis : loaded.results.table.axes)
    std::cout << report::csv_field(axis.name) << ",";
  std::cout << "replicate,status,seconds";
  for (const auto& name : metrics) std::cout << "," << report::csv_field(name);
  std::cout << ",failed_stage,message\n";
  for (const auto& row : loaded.results.table.rows) write_row(loaded.results.table, row, metrics);
  return 0;
}

namespace {

// Calls visit(stage, cell, key, artifact) for every stored result of a stage, once, with the first
// cell that has it.
template <class Visit>
void for_each_artifact(const Loaded& loaded, const Visit& visit) {
  const store::Store kept(loaded.folder);
  std::unordered_set<Key> seen;
  graph::CellLink link;
  for (const auto& row : loaded.results.table.rows) {
    loaded.linker->link(row.axis_values, row.replicate, link);
    for (const auto& step : link.steps) {
      if (!kept.has_artifact(step.key) || !seen.insert(step.key).second) continue;
      if (const auto stored = kept.load_artifact(step.key))
        visit(loaded.study->stages[static_cast<std::size_t>(step.stage)].name,
              loaded.linker->describe(row.axis_values, row.replicate), step.key, *stored);
    }
  }
}

}  // namespace

int samples_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("count,n", po::value<int>()->default_value(3), "of each stage and cell");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "samples DIR|STUDY [options]", options, vm, loaded, code)) return code;
  for_each_artifact(loaded, [&](const std::string& stage, const std::string& cell, const Key&,
                                const store::StoredArtifact& stored) {
    const std::string text =
        load_artifact(stored.type, stored.archive)->preview(vm["count"].as<int>());
    if (!text.empty()) std::cout << stage << (cell.empty() ? "" : ", " + cell) << "\n" << text;
  });
  return 0;
}

int weights_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("to", po::value<std::string>()->default_value("weights"),
                        "folder of the files");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "weights DIR|STUDY [options]", options, vm, loaded, code)) return code;
  const std::filesystem::path folder = vm["to"].as<std::string>();
  std::filesystem::create_directories(folder);
  for_each_artifact(loaded, [&](const std::string& stage, const std::string& cell, const Key& key,
                                const store::StoredArtifact& stored) {
    constexpr std::string_view kPrefix = "parameters/";
    NamedArrays parameters;
    for (const auto& [name, array] : stored.archive.arrays())
      if (name.starts_with(kPrefix)) parameters[name.substr(kPrefix.size())] = array;
    if (parameters.empty()) return;
    const auto file = folder / (stage + "-" + key.hex().substr(0, 8) + ".safetensors");
    write_safetensors(file, parameters);
    std::cout << file.string() << ": " << cell << "\n";
  });
  return 0;
}

}  // namespace assay::cli
