// validate, show, plan: what can be said of a study without running it.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "runner/analyse/sequential_claims.h"
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

// "6 variants x 12 seeds = 72 cells", "6 variants x 5 to 30 seeds = 30 to 130 cells".
std::string cells_text(const config::Study& study) {
  const rounds::Range cells = rounds::cells_of(study);
  const auto range = [](std::uint64_t least, std::uint64_t most) {
    return std::to_string(least) + (most > least ? " to " + std::to_string(most) : "");
  };
  return std::to_string(cells.variants) + " variants x " +
         range(study.least_seeds.value_or(study.seeds), study.seeds) +
         " seeds = " + range(cells.least, cells.most) + " cells";
}

// What is known of later rounds before they come.
std::string rounds_text(const config::Study& study, const rounds::Schedule& schedule) {
  std::string out;
  if (study.least_seeds) {
    std::string sizes;
    for (const std::size_t size : analyse::look_sizes(*study.least_seeds, study.seeds))
      sizes += (sizes.empty() ? "" : ", ") + std::to_string(size);
    out += "seeds are added for open claims; looks at " + sizes + " seeds\n";
  }
  if (study.ablation && study.ablation->greedy)
    out += "which systems are run is found step by step; steps found: " +
           std::to_string(schedule.order.size()) + " of " +
           std::to_string(study.ablation->parts.size()) + "\n";
  if (!schedule.asks.empty()) out += "next: " + schedule.asks + "\n";
  return out;
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
    std::cout << file << ": good, " << cells_text(*study) << "\n";
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
  const rounds::Schedule schedule = read_schedule(*study, linker, folder);
  const auto plan = execute::outline(*study, linker, schedule.wanted, stored_cells(folder),
                                     stored_artifacts(folder), store::Store::read_timings(folder));
  if (vm["json"].as<bool>()) {
    nlohmann::ordered_json out;
    out["study"] = study->name;
    const rounds::Range range = rounds::cells_of(*study);
    out["variants"] = range.variants;
    out["seeds"] = study->seeds;
    out["cells"] = plan.cells;
    if (rounds::has_rounds(*study)) {
      out["cells_least"] = range.least, out["cells_most"] = range.most;
      out["complete"] = schedule.complete;
    }
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
  std::cout << study->name << ": " << cells_text(*study) << ", " << plan.stored << " stored\n"
            << rounds_text(*study, schedule);
  std::cout << (schedule.complete ? "to run: " : "to run in the next round: ") << plan.unique
            << " stages instead of " << plan.stages << " (sharing saves "
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
