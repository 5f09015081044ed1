// claims: the verdict on everything that a study claims.
#include <iostream>

#include "runner/cli/command.h"
#include "runner/cli/verdicts.h"

namespace assay::cli {

int claims_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("json", po::bool_switch(), "as JSON");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "claims DIR|STUDY [--json]", options, vm, loaded, code)) return code;
  const config::Study& study = *loaded.study;
  const auto decisions = decide_claims(study, loaded.results);
  if (vm["json"].as<bool>())
    std::cout << claims_json(study, decisions);
  else if (decisions.empty())
    std::cout << study.name << " claims nothing\n";
  else
    std::cout << claims_text(study, decisions);
  const bool all = std::all_of(decisions.begin(), decisions.end(), [](const auto& d) {
    return d.verdict == analyse::Verdict::kReproduced;
  });
  return all ? 0 : 3;
}

}  // namespace assay::cli
