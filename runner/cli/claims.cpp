// claims: the verdict on everything that a study claims.
#include <iostream>

#include "runner/cli/command.h"
#include "runner/cli/verdicts.h"

namespace assay::cli {

int claims_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("json", po::bool_switch(), "as JSON");
  po::variables_map vm;
  if (!parse(arguments, "claims DIR|STUDY [--json]", options, {"study"}, vm)) return 0;
  if (!vm.count("study"))
    throw UsageError("a results folder or a study file is needed\nusage: assay claims DIR|STUDY");
  std::string folder;
  const auto study = study_of(vm["study"].as<std::vector<std::string>>().front(), vm, folder);
  if (!study) return 2;
  graph::Linker linker(*study);
  Diagnostics checked;
  linker.check(checked);
  const auto decisions = decide_claims(*study, read_results(*study, linker, folder));
  if (vm["json"].as<bool>())
    std::cout << claims_json(*study, decisions);
  else if (decisions.empty())
    std::cout << study->name << " claims nothing\n";
  else
    std::cout << claims_text(*study, decisions);
  const bool all = std::all_of(decisions.begin(), decisions.end(), [](const auto& d) {
    return d.verdict == analyse::Verdict::kReproduced;
  });
  return all ? 0 : 3;
}

}  // namespace assay::cli
