#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "runner/cli/present.h"

namespace assay::cli {

struct ReportOptions {
  // The axis whose values are the tasks on which systems are ranked; empty: one that chooses data.
  std::string tasks;
};

// All that the HTML report and its figures show, computed: what is left to the page is drawing.
// docs/report.md says what stands where. Throws UsageError where an option names no axis.
nlohmann::ordered_json report_data(const Loaded& loaded, const ReportOptions& options);
// As text; bytes that are no UTF-8 are replaced.
std::string report_text(const Loaded& loaded, const ReportOptions& options);

// A metric, and which way it is better: "higher", "lower" or "" where nothing says so.
struct MetricColumn {
  std::string name, better;
};
// Those of the table first, then the others as they were measured.
std::vector<MetricColumn> metric_columns(const config::Study& study, const Results& results);

// The parts of the data that take some doing. Cells are told by their rows in the results.
nlohmann::ordered_json table_data(const config::Study& study, const Results& results);
nlohmann::ordered_json claims_data(const config::Study& study, const Results& results);
nlohmann::ordered_json effects_data(const config::Study& study, const Results& results);
nlohmann::ordered_json curves_data(const Results& results);
nlohmann::ordered_json ranks_data(const config::Study& study, const Results& results,
                                  const std::vector<MetricColumn>& metrics,
                                  const std::string& tasks);
// Time and memory of each stage, and what sharing saves.
nlohmann::ordered_json stages_data(const Loaded& loaded, nlohmann::ordered_json& summary);

}  // namespace assay::cli
