// assay run: the whole way from a study file to a table.
#include <unistd.h>

#include <filesystem>
#include <iostream>
#include <random>

#include "runner/cli/command.h"
#include "runner/cli/log.h"
#include "runner/cli/present.h"
#include "runner/cli/signals.h"
#include "runner/cli/verdicts.h"
#include "runner/execute/executor.h"
#include "runner/execute/progress.h"
#include "runner/execute/workers.h"
#include "runner/explain/origin.h"
#include "runner/store/leftovers.h"

namespace assay::cli {

namespace {

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
  std::uint64_t order = std::random_device{}() | 1U;  // unlike that of other processes
  Signals signals;
  execute::Counters counters;
  std::unique_ptr<execute::Backend> backend;
  bool complete = true;  // beside the cells: study.toml and study.h5 could be written

  bool quiet() const { return vm["quiet"].as<bool>(); }

  execute::RunSummary execute(const graph::Linker& linker, const execute::Work& work,
                              store::Store& store, store::Watch& watch) {
    execute::RunOptions options;
    options.jobs = vm["jobs"].as<int>();
    options.memory = vm["memory"].as<double>() * 1e9;
    options.fail_fast = vm["fail-fast"].as<bool>();
    options.watch = &watch;
    options.order = order;
    if (study->isolation == config::Isolation::kProcess) {
      const auto scratch = folder / ("scratch-" + store::process_tag());
      options.scratch = scratch;
      backend.reset();  // it takes the scratch folder with it, which is to be the next one's
      backend = execute::make_process_backend(
          *study, worker_arguments(file, overrides_from(vm), scratch.string()), scratch,
          signals.stop());
    }
    const BeforeLeaving prepared(signals, [this, &store] { leave(store); });
    execute::RunSummary summary;
    {
      const execute::Progress progress(counters, store, quiet());
      summary = execute::run(*study, linker, work, store, options, signals.stop(), counters,
                             backend.get());
    }
    store.commit();
    if (!summary.trouble.empty()) throw store::StoreError(summary.trouble);
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

  // What is wanted and not stored, but for what has failed in this run already.
  execute::Work work_of(const rounds::Schedule& round, const graph::Linker& linker,
                        const execute::KeySet& failed) const {
    execute::KeySet settled = stored_cells(folder);
    settled.insert(failed.begin(), failed.end());
    return execute::plan_work(*study, linker, round.wanted, settled, stored_artifacts(folder),
                              store::Store::read_timings(folder));
  }

  void note_failed(const execute::Work& work, execute::KeySet& failed) const {
    execute::KeySet ran;
    for (const execute::Cell& cell : work.cells) ran.insert(cell.key);
    for (const auto& state : store::Store::read_states(folder))
      if (state.status == store::Status::kFailed && ran.contains(state.key))
        failed.insert(state.key);
  }

  // Everything that is wanted and not stored, round after round (rounds/rounds.h). Where a
  // checkpoint turns out to be damaged, what it stood for runs again.
  execute::RunSummary all(const graph::Linker& linker, store::Store& store) {
    execute::RunSummary total;
    execute::KeySet failed;
    bool again = false;
    do {
      store::Watch watch(folder);
      const rounds::Schedule round = read_schedule(*study, linker, folder, &failed);
      const execute::Work work = work_of(round, linker, failed);
      if (work.cells.empty()) {
        if (total.done + total.failed == 0 && !quiet())
          std::cerr << "everything is stored: " << work.stored << " cells in " << folder.string()
                    << "\n";
        return total;
      }
      if (!quiet() && !round.asks.empty()) std::cerr << round.asks << "\n";
      store.must_be_writable();
      complete &= saved("study.toml", [&] { keep_study(*study, folder); });
      store.keep_origin(explain::write_origin(explain::origin_of(*study, vm["jobs"].as<int>())));
      const execute::RunSummary part = execute(linker, work, store, watch);
      total.done += part.done, total.failed += part.failed;
      total.stopped = part.stopped, total.plan_again = part.plan_again;
      if (!total.stopped || signals.exit_code() != Signals::kGoOnLater) store.pack();
      again = total.plan_again || (!total.stopped && !round.complete);
      if (again) note_failed(work, failed);
    } while (again);
    return total;
  }
};

// Reads all cells and brings study.h5 up to them. Of processes that end at the same time the last
// one to write may have read before others stored their last cells; so each looks again.
Results write_results(const config::Study& study, const graph::Linker& linker,
                      const std::filesystem::path& folder, bool& complete) {
  constexpr int kAttempts = 3;  // while others still run, theirs will be the last word
  for (int attempt = 1;; ++attempt) {
    store::Watch watch(folder);
    Results results = read_results(study, linker, folder);
    complete &= saved("study.h5", [&] { write_study_file(study, results, folder / "study.h5"); });
    if (!complete || attempt == kAttempts || watch.news().empty()) return results;
  }
}

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
  store::clear_leftovers(run.folder);
  const execute::RunSummary summary = run.all(linker, store);
  if (summary.stopped && run.signals.exit_code() == Signals::kGoOnLater) {
    // A scheduler does not wait for the table.
    run.say_how_to_go_on(summary.done);
    return Signals::kGoOnLater;
  }
  const Results results = write_results(study, linker, run.folder, run.complete);
  std::cout << render_table(study, results, format);
  if (format == TableFormat::kTerminal) std::cout << findings_text(study, results);
  std::cout << std::flush;
  if (summary.stopped) {
    run.say_how_to_go_on(summary.done);
    if (const int code = run.signals.exit_code()) return code;
  }
  if (!run.complete) return 3;
  return results.failed > 0 ? 1 : 0;
}

int worker_command(const Arguments& arguments) {
  po::options_description options = study_options();
  po::variables_map vm;
  if (!parse(arguments, "stage-worker STUDY SCRATCH", options, {"study", "scratch"}, vm)) return 0;
  const auto study =
      load_or_complain(vm["study"].as<std::vector<std::string>>().front(), overrides_from(vm));
  if (!study) return 2;
  const std::filesystem::path scratch = vm["scratch"].as<std::vector<std::string>>().front();
  log_into(scratch.parent_path(), Complaint::kNone);
  graph::Linker linker(*study);
  Diagnostics checked;
  linker.check(checked);
  return execute::serve(*study, linker, scratch, 3);
}

}  // namespace assay::cli
