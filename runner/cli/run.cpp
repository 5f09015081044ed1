// assay run: the whole way from a study file to a table.
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "runner/cli/command.h"
#include "runner/cli/present.h"
#include "runner/cli/signals.h"
#include "runner/execute/executor.h"
#include "runner/execute/progress.h"
#include "runner/execute/workers.h"

namespace assay::cli {

namespace {

void log_into(const std::filesystem::path& folder) {
  auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>((folder / "log.txt").string());
  file->set_pattern("%Y-%m-%d %H:%M:%S.%e %P %l %v");
  auto screen = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  screen->set_level(spdlog::level::err);
  screen->set_pattern("%^%l%$: %v");
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("assay", spdlog::sinks_init_list{screen, file}));
  spdlog::flush_on(spdlog::level::warn);
}

std::vector<std::string> worker_arguments(const std::string& file,
                                          const config::Overrides& overrides,
                                          const std::string& scratch) {
  std::vector<std::string> out = {"assay", "stage-worker", file,
                                  scratch, "--profile",    overrides.profile};
  for (const std::string& set : overrides.set) out.insert(out.end(), {"--set", set});
  return out;
}

std::string shell_quoted(const std::string& text) {
  if (text.find_first_not_of(
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./=") ==
      std::string::npos)
    return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

po::options_description run_options() {
  po::options_description options = study_options();
  options.add_options()("jobs,j", po::value<int>()->default_value(0),
                        "stages at a time (0: one for each core)")(
      "memory", po::value<double>()->default_value(0.0),
      "memory budget in GB (0: 80% of the machine)")(
      "fail-fast", po::bool_switch(), "stop at the first failure")("quiet,q", po::bool_switch(),
                                                                   "no progress")(
      "format", po::value<std::string>()->default_value("terminal"),
      "terminal, markdown, latex, csv or json");
  return options;
}

struct Run {
  std::string file;
  po::variables_map vm;
  Arguments arguments;
  std::shared_ptr<const config::Study> study;
  std::filesystem::path folder;
  Signals signals;
  execute::Counters counters;
  std::unique_ptr<execute::Backend> backend;

  bool quiet() const { return vm["quiet"].as<bool>(); }

  execute::RunSummary execute(const graph::Linker& linker, const execute::Work& work,
                              store::Store& store) {
    execute::RunOptions options;
    options.jobs = vm["jobs"].as<int>();
    options.memory = vm["memory"].as<double>() * 1e9;
    options.fail_fast = vm["fail-fast"].as<bool>();
    if (study->isolation == config::Isolation::kProcess) {
      const auto scratch = folder / ("scratch-" + std::to_string(getpid()));
      backend = execute::make_process_backend(
          *study, worker_arguments(file, overrides_from(vm), scratch.string()), scratch,
          signals.stop());
    }
    const BeforeLeaving prepared(signals, [this, &store] { leave(store); });
    execute::RunSummary summary;
    {
      const execute::Progress progress(counters, quiet());
      summary = execute::run(*study, linker, work, store, options, signals.stop(), counters,
                             backend.get());
    }
    store.commit();
    return summary;
  }

  // Stages that do not look at `stop` are left behind; what is finished is not.
  void leave(store::Store& store) {
    const auto running = counters.running.load();
    if (backend) backend->abandon();
    try {
      store.commit();
    } catch (const store::StoreError& error) {
      std::cerr << "assay: " << error.what() << "\n" << std::flush;
      _exit(3);
    }
    if (running > 0)
      std::cerr << running
                << (running == 1 ? " stage that was running did" : " stages that were running did")
                << " not stop in time and will go on from the last state left, or begin again\n";
    say_how_to_go_on(counters.done);
    std::cerr << std::flush;
  }

  void say_how_to_go_on(std::uint64_t done) const {
    std::string again = "assay run";
    for (const std::string& argument : arguments) again += " " + shell_quoted(argument);
    std::cerr << "stopped" << (signals.name().empty() ? "" : " by " + signals.name()) << ": "
              << done << " cells finished in this run and are stored; go on with\n  " << again
              << "\n";
  }
};

}  // namespace

int run_command(const Arguments& arguments) {
  po::options_description options = run_options();
  po::variables_map vm;
  if (!parse(arguments, "run STUDY [options]", options, {"study"}, vm)) return 0;
  if (!vm.count("study")) throw UsageError("run needs a study file\nusage: assay run STUDY");
  Run run;
  run.vm = vm, run.arguments = arguments;
  run.file = run.vm["study"].as<std::vector<std::string>>().front();
  const TableFormat format = parse_format(run.vm["format"].as<std::string>());
  run.study = load_or_complain(run.file, overrides_from(run.vm));
  if (!run.study) return 2;
  const config::Study& study = *run.study;
  run.folder = std::filesystem::path(run.vm["results"].as<std::string>()) / study.name;

  store::Store store(run.folder);
  log_into(run.folder);
  graph::Linker linker(study);
  Diagnostics checked;
  linker.check(checked);
  const execute::Work work = plan_from_store(study, linker, run.folder);
  execute::RunSummary summary;
  if (work.cells.empty()) {
    if (!run.quiet())
      std::cerr << "everything is stored: " << work.stored << " cells in " << run.folder.string()
                << "\n";
  } else {
    keep_study(study, run.folder);
    summary = run.execute(linker, work, store);
    if (summary.stopped && run.signals.exit_code() == Signals::kGoOnLater) {
      // A scheduler does not wait for the table.
      run.say_how_to_go_on(summary.done);
      return Signals::kGoOnLater;
    }
    store.pack();
  }
  Results results = read_results(study, linker, run.folder);
  const bool fresh = !work.cells.empty() || !std::filesystem::exists(run.folder / "study.h5");
  if (fresh) write_study_file(study, results, run.folder / "study.h5");
  std::cout << render_table(study, results, format) << std::flush;
  if (summary.stopped) {
    run.say_how_to_go_on(summary.done);
    if (const int code = run.signals.exit_code()) return code;
  }
  return results.failed > 0 ? 1 : 0;
}

int worker_command(const Arguments& arguments) {
  po::options_description options = study_options();
  po::variables_map vm;
  if (!parse(arguments, "stage-worker STUDY SCRATCH", options, {"study", "scratch"}, vm)) return 0;
  const auto study =
      load_or_complain(vm["study"].as<std::vector<std::string>>().front(), overrides_from(vm));
  if (!study) return 2;
  graph::Linker linker(*study);
  Diagnostics checked;
  linker.check(checked);
  return execute::serve(*study, linker, vm["scratch"].as<std::vector<std::string>>().front(), 3);
}

}  // namespace assay::cli
