// report: everything about a study in one HTML file.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "runner/cli/command.h"
#include "runner/cli/report_data.h"
#include "runner/report/page.h"

namespace assay::cli {

namespace fs = std::filesystem;

int report_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("output,o", po::value<std::string>(),
                        "file to write (report.html in the results folder); - for standard output")(
      "tasks", po::value<std::string>()->default_value(""),
      "axis whose values are the tasks of the critical-difference diagram (one that chooses data)");
  po::variables_map vm;
  Loaded loaded;
  int code = 0;
  if (!load(arguments, "report DIR|STUDY [-o FILE]", options, vm, loaded, code)) return code;
  const fs::path file = vm.count("output") ? fs::path(vm["output"].as<std::string>())
                                           : fs::path(loaded.folder) / "report.html";
  const config::Study& study = *loaded.study;
  const std::string title = study.title.empty() ? study.name : study.title;
  const std::string page =
      report::page(title, report_text(loaded, {vm["tasks"].as<std::string>()}));
  if (file == "-") {
    std::cout << page;
    return 0;
  }
  store::replace_file(fs::absolute(file), std::as_bytes(std::span(page)));
  std::cout << file.string() << "\n";
  return 0;
}

}  // namespace assay::cli
