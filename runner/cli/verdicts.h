#pragma once

#include <string>
#include <vector>

#include "runner/analyse/claims.h"
#include "runner/cli/present.h"

namespace assay::cli {

// What a study's claims come to with what is stored, in the order of the study.
std::vector<analyse::Decision> decide_claims(const config::Study& study, const Results& results);

// A block for people: verdict, effect with interval, p, seeds, what was dropped.
std::string claims_text(const config::Study& study,
                        const std::vector<analyse::Decision>& decisions);
std::string claims_json(const config::Study& study,
                        const std::vector<analyse::Decision>& decisions);

// "p = 0.0312", "p < 0.001".
std::string p_text(double p);

// What a run says below its table: what parts are worth, and the verdicts; empty where the study
// asks for neither.
std::string findings_text(const config::Study& study, const Results& results);

// Before anything has run: for each claim, whether its number of seeds can decide it at all, and
// what effect it finds with a chance of 80%.
std::string claims_outlook(const config::Study& study);

}  // namespace assay::cli
