#include "runner/cli/cli.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <filesystem>
#include <iostream>

#include "runner/cli/command.h"
#include "runner/registry/registry.h"
#include "runner/store/store.h"

namespace assay::cli {

namespace {

constexpr Command kCommands[] = {
    {"run", "STUDY", "run a study and print its table", run_command},
    {"plan", "STUDY", "say what a run would do", plan_command},
    {"validate", "STUDY…", "check studies without running them", validate_command},
    {"show", "STUDY", "print a study as resolved", show_command},
    {"table", "DIR|STUDY", "print the table of stored results", table_command},
    {"trace", "DIR|STUDY", "say what stands behind a number of the table", trace_command},
    {"claims", "DIR|STUDY", "decide what a study claims", claims_command},
    {"effects", "DIR|STUDY", "say what each part of an ablation is worth", effects_command},
    {"report", "DIR|STUDY", "write everything into one HTML file", report_command},
    {"plot", "DIR|STUDY", "draw a figure as SVG, PDF or PNG", plot_command},
    {"watch", "DIR|STUDY", "look at a study while it runs", watch_command},
    {"status", "DIR|STUDY", "say what is done, failed and missing", status_command},
    {"why", "DIR|STUDY [CELL]", "say why cells are stored, failed or to be run", why_command},
    {"diff", "A B", "compare two studies or two cells, bit for bit", diff_command},
    {"verify", "DIR", "run stored cells again and compare the bits", verify_command},
    {"export", "DIR|STUDY", "write every cell as a line of CSV", export_command},
    {"samples", "DIR|STUDY", "print what stages sampled", samples_command},
    {"weights", "DIR|STUDY", "write stored models as safetensors", weights_command},
    {"fsck", "DIR|STUDY", "check and repair a results folder", fsck_command},
    {"gc", "DIR|STUDY", "free what no cell of a study needs", gc_command},
    {"list", "[KIND]", "list the components", list_command},
    {"describe", "KIND.NAME", "explain a component and its parameters", describe_command},
    {"schema", "", "print the JSON Schema of study files", schema_command},
    {"new", "KIND NAME", "start a component of your own, with test and study", new_command},
    {"docs", "DIR", "write a page for each component", docs_command},
};

void print_help(std::ostream& out) {
  out << "assay: ablation studies from one TOML file\n\nusage: assay COMMAND [ARGUMENTS]\n\n";
  for (const Command& command : kCommands) {
    std::string left = std::string("  ") + command.name + " " + command.arguments;
    // "…" takes three bytes and one column.
    left.resize(24 + (left.ends_with("…") ? 2 : 0), ' ');
    out << left << command.summary << "\n";
  }
  out << "\n`assay COMMAND --help` explains a command.\n"
         "Exit codes: 0 success, 1 a cell failed, 2 a bad study or command line, 3 results could "
         "not "
         "be saved, 75 stopped by a scheduler's signal (go on later), 130 interrupted.\n";
}

int dispatch(const Arguments& arguments) {
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" ||
      arguments[0] == "help") {
    print_help(arguments.empty() ? std::cerr : std::cout);
    return arguments.empty() ? 2 : 0;
  }
  if (arguments[0] == "--version") {
    std::cout << "assay " << ASSAY_VERSION << "\n";
    return 0;
  }
  const Arguments rest(arguments.begin() + 1, arguments.end());
  std::vector<std::string> names;
  for (const Command& command : kCommands) {
    if (arguments[0] == command.name) return command.run(rest);
    names.emplace_back(command.name);
  }
  if (arguments[0] == "stage-worker") return worker_command(rest);
  throw UsageError("unknown command \"" + arguments[0] + "\"" + suggestion(arguments[0], names) +
                   " (assay --help)");
}

}  // namespace

int main(int argc, char** argv) {
  spdlog::set_default_logger(spdlog::stderr_color_mt("assay"));
  spdlog::set_pattern("%^%l%$: %v");
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is told by the write that meets it
  try {
    const auto twice = Registry::global().take_duplicates();
    if (!twice.empty()) throw std::logic_error(twice.front());
    return dispatch({argv + 1, argv + argc});
  } catch (const UsageError& error) {
    std::cerr << "assay: " << error.what() << "\n";
    return 2;
  } catch (const StudyError& error) {
    std::cerr << error.what();
    return 2;
  } catch (const store::StoreError& error) {
    std::cerr << "assay: " << error.what() << "\n";
    return 3;
  } catch (const std::exception& error) {
    std::cerr << "assay: " << error.what() << "\n";
    return 3;
  }
}

bool parse(const Arguments& arguments, const std::string& usage, po::options_description& options,
           const std::vector<std::string>& names, po::variables_map& out) {
  po::options_description visible = options;
  visible.add_options()("help,h", "print this");
  po::options_description all = visible;
  po::positional_options_description positional;
  for (const std::string& name : names) {
    const bool many = name.ends_with("…");
    const std::string key = many ? name.substr(0, name.size() - std::string("…").size()) : name;
    all.add_options()(key.c_str(), po::value<std::vector<std::string>>());
    positional.add(key.c_str(), many ? -1 : 1);
  }
  try {
    po::store(po::command_line_parser(arguments).options(all).positional(positional).run(), out);
    po::notify(out);
  } catch (const po::error& error) {
    throw UsageError(std::string(error.what()) + "\nusage: assay " + usage);
  }
  if (out.count("help")) {
    std::cout << "usage: assay " << usage << "\n\n" << visible;
    return false;
  }
  return true;
}

po::options_description study_options() {
  po::options_description out("options");
  out.add_options()("set", po::value<std::vector<std::string>>()->composing(),
                    "path.to.key=value: overrides the study (may be repeated)")(
      "profile", po::value<std::string>()->default_value(""), "apply [profile.NAME] of the study")(
      "results", po::value<std::string>()->default_value("results"), "where result folders lie");
  return out;
}

config::Overrides overrides_from(const po::variables_map& vm) {
  config::Overrides out;
  if (vm.count("set")) out.set = vm["set"].as<std::vector<std::string>>();
  if (vm.count("profile")) out.profile = vm["profile"].as<std::string>();
  return out;
}

std::shared_ptr<const config::Study> load_or_complain(const std::string& file,
                                                      const config::Overrides& overrides) {
  Diagnostics diagnostics;
  auto study = config::load_study(file, overrides, diagnostics);
  if (study) return study;
  std::cerr << diagnostics.render();
  const std::size_t n = diagnostics.count();
  std::cerr << file << ": " << n << (n == 1 ? " mistake" : " mistakes") << "; nothing was run\n";
  return nullptr;
}

std::shared_ptr<const config::Study> study_of(const std::string& file_or_folder,
                                              const po::variables_map& vm, std::string& folder) {
  if (std::filesystem::is_directory(file_or_folder)) {
    folder = file_or_folder;
    const auto kept = std::filesystem::path(folder) / "study.toml";
    // Of a pipe nobody would ever read the end.
    if (std::filesystem::exists(kept) && !std::filesystem::is_regular_file(kept))
      throw store::StoreError("cannot read " + kept.string() +
                              ": it is no file; name the study file instead of the folder");
    return load_or_complain((std::filesystem::path(folder) / "study.toml").string(), {});
  }
  auto study = load_or_complain(file_or_folder, overrides_from(vm));
  if (study)
    folder = (std::filesystem::path(vm["results"].as<std::string>()) / study->name).string();
  return study;
}

}  // namespace assay::cli
