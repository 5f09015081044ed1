// validate, show, plan: what can be said of a study without running it.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "runner/cli/command.h"
#include "runner/cli/present.h"
#include "runner/cli/verdicts.h"
#include "runner/execute/progress.h"

namespace assay::cli {

namespace {

std::string megabytes(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 1e9 ? "%.3g MB" : "%.0f MB", bytes / 1e6);
  return text;
}

}  // namespace

int validate_command(const Arguments& arguments) {
  po::options_description options = study_options();
  po::variables_map vm;
  if (!parse(arguments, "validate STUDY… [options]", options, {"study…"}, vm)) return 0;
  if (!vm.count("study"))
    throw UsageError("validate needs a study file\nusage: assay validate STUDY…");
  int code = 0;
  for (const std::string& file : vm["study"].as<std::vector<std::string>>()) {
    const auto study = load_or_complain(file, overrides_from(vm));
    if (!study) {
      code = 2;
      continue;
    }
    std::cout << file << ": good, " << study->design.size() << " variants x " << study->seeds
              << " seeds = " << study->design.size() * study->seeds << " cells\n";
  }
  return code;
}

int show_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("origin", po::bool_switch(), "say where each value was written");
  po::variables_map vm;
  if (!parse(arguments, "show STUDY [options]", options, {"study"}, vm)) return 0;
  if (!vm.count("study")) throw UsageError("show needs a study file\nusage: assay show STUDY");
  const auto study =
      load_or_complain(vm["study"].as<std::vector<std::string>>().front(), overrides_from(vm));
  if (!study) return 2;
  std::cout << config::show(study->root, vm["origin"].as<bool>());
  return 0;
}

int plan_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("json", po::bool_switch(), "as JSON");
  po::variables_map vm;
  if (!parse(arguments, "plan STUDY [options]", options, {"study"}, vm)) return 0;
  if (!vm.count("study")) throw UsageError("plan needs a study file\nusage: assay plan STUDY");
  std::string folder;
  const auto study = study_of(vm["study"].as<std::vector<std::string>>().front(), vm, folder);
  if (!study) return 2;
  graph::Linker linker(*study);
  Diagnostics checked;
  linker.check(checked);
  const auto plan = execute::outline(*study, linker, stored_cells(folder), stored_artifacts(folder),
                                     store::Store::read_timings(folder));
  if (vm["json"].as<bool>()) {
    nlohmann::ordered_json out;
    out["study"] = study->name;
    out["variants"] = study->design.size();
    out["seeds"] = study->seeds;
    out["cells"] = plan.cells;
    out["stored"] = plan.stored;
    out["stages"] = plan.stages;
    out["unique_stages"] = plan.unique;
    for (std::size_t i = 0; i < study->stages.size(); ++i)
      out["unique_by_stage"][study->stages[i].name] = plan.unique_by_stage[i];
    if (plan.seconds >= 0) out["expected_seconds"] = plan.seconds;
    out["memory_of_a_stage"] = plan.memory;
    out["disk"] = plan.disk;
    std::cout << out.dump(2) << "\n";
    return 0;
  }
  std::cout << study->name << ": " << study->design.size() << " variants x " << study->seeds
            << " seeds = " << plan.cells << " cells, " << plan.stored << " stored\n";
  std::cout << "to run: " << plan.unique << " stages instead of " << plan.stages
            << " (sharing saves "
            << (plan.stages ? 100 * (plan.stages - plan.unique) / plan.stages : 0) << "%)\n";
  for (std::size_t i = 0; i < study->stages.size(); ++i)
    std::cout << "  " << study->stages[i].name << " (" << study->stages[i].component->name
              << "): " << plan.unique_by_stage[i] << "\n";
  if (plan.seconds >= 0)
    std::cout << "expected: " << execute::duration_text(plan.seconds)
              << " of one core, by stored timings (unshared "
              << execute::duration_text(plan.seconds_unshared) << ")\n";
  else
    std::cout << "expected time: unknown until the stages have run once\n";
  if (plan.memory > 0)
    std::cout << "memory: up to " << megabytes(plan.memory)
              << " for each stage at a time, as declared or measured\n";
  if (plan.disk > 0) std::cout << "disk: up to " << megabytes(plan.disk) << " of checkpoints\n";
  std::cout << claims_outlook(*study);
  return 0;
}

}  // namespace assay::cli
