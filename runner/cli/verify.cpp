// assay verify: stored cells are run again in a scratch folder, with one thread and with more than
// they ran with, in a shuffled order, from nothing; the bits must be the same.
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "runner/cli/command.h"
#include "runner/cli/present.h"
#include "runner/cli/select.h"
#include "runner/cli/tool.h"
#include "runner/execute/executor.h"
#include "runner/execute/progress.h"
#include "runner/explain/bits.h"
#include "runner/explain/history.h"

namespace assay::cli {

namespace {

namespace fs = std::filesystem;

// "12", "5%" or "all" of `count`; at least one where there are any.
std::size_t sample_size(const std::string& text, std::size_t count) {
  if (text == "all") return count;
  char* end = nullptr;
  const double amount = std::strtod(text.c_str(), &end);
  const std::string unit(end);
  const bool whole = unit.empty() && amount == std::floor(amount);
  if (end == text.c_str() || !(amount > 0) || !(whole || (unit == "%" && amount <= 100)))
    throw UsageError("--sample " + text + " is no number of cells, no share and not all; " +
                     "allowed: 20, 5%, all");
  const double wanted = unit == "%" ? amount / 100 * static_cast<double>(count) : amount;
  return std::min(count, static_cast<std::size_t>(std::ceil(wanted)));
}

struct Verification {
  const config::Study& study;
  std::string folder;
  explain::History history;
  design::Wanted wanted;
  execute::KeySet sample;
  std::uint64_t seed = 0;
  bool quiet = false;

  struct Stage {
    std::set<Key> keys;  // of cells and checkpoints that differ
    std::string first;   // difference
  };
  std::map<std::string, Stage> stages;
  std::set<Key> different;  // cells
  std::size_t checkpoints = 0;

  void tell(const std::string& stage, const Key& key, const std::string& what) {
    Stage& known = stages[stage];
    if (known.keys.empty()) known.first = what;
    known.keys.insert(key);
    if (sample.contains(key)) different.insert(key);
  }

  // Stages get as many threads as there are jobs: none of that may show.
  void rerun(int jobs) {
    config::Study wide = study;
    for (config::StageSpec& stage : wide.stages) stage.cores = jobs, stage.memory = 0.0;
    graph::Linker linker(wide);
    Diagnostics checked;
    linker.check(checked);
    execute::KeySet others = stored_cells(folder);
    graph::CellLink link;
    wide.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
      for (std::uint64_t replicate = 0; replicate < wanted.seeds(variant); ++replicate) {
        linker.link(choice, replicate, link);
        if (sample.contains(link.key))
          others.erase(link.key);
        else
          others.insert(link.key);
      }
      return true;
    });
    execute::Work work = execute::plan_work(wide, linker, wanted, others, {}, {});
    Stream stream(seed, static_cast<std::uint64_t>(jobs), "verify", "order");
    for (execute::Node& node : work.nodes) node.path = stream.uniform();
    const ScratchFolder scratch;  // of one rerun
    {
      store::Store store(scratch.path());
      std::atomic<bool> stop{false};
      execute::Counters counters;
      const execute::Progress progress(counters, store, quiet);
      execute::RunOptions options;
      options.jobs = jobs;
      execute::run(wide, linker, work, store, options, stop, counters);
      store.commit();
    }
    compare(scratch.path(), " with " + std::to_string(jobs) + (jobs == 1 ? " thread" : " threads"));
    compare_checkpoints(wide, work, scratch.path());
  }

  void compare(const fs::path& scratch, const std::string& how) {
    execute::KeySet found;
    for (const store::CellRecord& again : store::Store::read_cells(scratch)) {
      found.insert(again.key);
      const store::CellRecord& stored = *history.find(again.key);
      for (const auto& one : explain::bit_differences(stored, again)) {
        const bool failed = again.status == store::Status::kFailed;
        tell(failed ? again.failed_stage : explain::stage_of(one), again.key,
             one.what + " " + one.before + ", now " + one.after + how + ", in " + stored.config);
        if (failed) break;
      }
    }
    for (const Key& key : sample)
      if (!found.contains(key)) tell("none", key, "the cell was not run again");
  }

  void compare_checkpoints(const config::Study& wide, const execute::Work& work,
                           const fs::path& scratch) {
    for (const execute::Node& node : work.nodes) {
      const config::StageSpec& stage = wide.stages[static_cast<std::size_t>(node.stage)];
      if (!execute::keeps_artifact(stage)) continue;
      if (!fs::exists(fs::path(folder) / "artifacts" / (node.key.hex() + ".h5"))) continue;
      const auto stored = store::read_artifact(folder, node.key);
      const auto again = store::read_artifact(scratch, node.key);
      if (!stored || !again) continue;
      ++checkpoints;
      const std::string part = explain::archive_difference(stored->archive, again->archive);
      if (!part.empty()) tell(stage.name, node.key, "checkpoint " + node.key.hex() + ", " + part);
    }
  }
};

// The cells of the study that are done, in an order that the seed alone decides.
std::vector<Key> stored_of_study(const Verification& checked, const graph::Linker& linker,
                                 const std::string& asked) {
  std::vector<Key> out;
  for (const Chosen& cell : select_cells(checked.study, linker, checked.wanted, asked)) {
    if (!cell.wanted) continue;
    const store::CellRecord* record = checked.history.find(cell.key);
    if (record && record->status == store::Status::kDone) out.push_back(cell.key);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  Stream(checked.seed, 0, "verify", "sample").shuffle(out);
  return out;
}

// Says whether the sample was made by other programs or machines than this; gives the most jobs
// with which any of it ran.
int check_makers(const Verification& checked, bool& foreign) {
  int jobs = 1;
  const explain::Origin::Maker here = explain::this_maker(1);
  std::set<std::string> makers;
  for (const Key& key : checked.sample) {
    const explain::Origin* origin = checked.history.origin(*checked.history.find(key));
    if (!origin) {
      makers.insert("an older Assay, which did not say what it was nor where");
      continue;
    }
    jobs = std::max(jobs, static_cast<int>(std::min<std::int64_t>(origin->maker.jobs, 256)));
    if (!origin->maker.same(here)) makers.insert(explain::text(origin->maker));
  }
  for (const std::string& maker : makers) std::cout << "stored by " << maker << "\n";
  if (!makers.empty()) std::cout << "run again by " << explain::text(here) << "\n";
  foreign = !makers.empty();
  return jobs;
}

void report(const Verification& checked, int more, bool foreign) {
  std::cout << checked.sample.size() << " cells checked with 1 and " << more << " threads, "
            << checked.checkpoints << " checkpoints compared: ";
  if (checked.stages.empty()) {
    std::cout << "all equal bit for bit\n";
    return;
  }
  std::cout << checked.different.size() << " cells differ\n";
  for (const auto& [name, stage] : checked.stages)
    std::cout << "  stage " << name << ": " << stage.keys.size() << " differ, first " << stage.first
              << "\n";
  if (foreign)
    std::cout << "Another build or processor may round differently; equal bits are promised on one "
                 "only.\n";
}

}  // namespace

int verify_command(const Arguments& arguments) {
  const std::string usage = "verify STUDY|DIR [CELL|EXPRESSION] [options]";
  po::options_description options = study_options();
  options.add_options()("sample", po::value<std::string>()->default_value("5%"),
                        "how many stored cells: 20, 5% or all")(
      "seed", po::value<std::uint64_t>()->default_value(0), "of the choice and of the order")(
      "jobs,j", po::value<int>()->default_value(0),
      "threads of the second run (0: twice as many as any cell ran with)")(
      "quiet,q", po::bool_switch(), "no progress");
  po::variables_map vm;
  if (!parse(arguments, usage + "\n\nExit code 0: all equal, 1: differences.", options,
             {"study", "cells"}, vm))
    return 0;
  if (!vm.count("study"))
    throw UsageError("verify needs a study file or a results folder\nusage: assay " + usage);
  std::string folder;
  const auto study = study_of(vm["study"].as<std::vector<std::string>>().front(), vm, folder);
  if (!study) return 2;
  graph::Linker linker(*study);
  Diagnostics unused;
  linker.check(unused);
  Verification checked{*study,
                       folder,
                       explain::read_history(folder, false),
                       read_schedule(*study, linker, folder).wanted,
                       {},
                       0,
                       false,
                       {},
                       {},
                       0};
  checked.seed = vm["seed"].as<std::uint64_t>();
  checked.quiet = vm["quiet"].as<bool>();
  const std::string asked =
      vm.count("cells") ? vm["cells"].as<std::vector<std::string>>().front() : "";
  const auto stored = stored_of_study(checked, linker, asked);
  if (stored.empty()) throw UsageError("no such cell of the study is stored in " + folder);
  const std::size_t count = sample_size(vm["sample"].as<std::string>(), stored.size());
  checked.sample.insert(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(count));
  bool foreign = false;
  const int ran_with = check_makers(checked, foreign);
  const int more = vm["jobs"].as<int>() > 0 ? vm["jobs"].as<int>() : 2 * ran_with;
  checked.rerun(1);
  checked.rerun(more);
  report(checked, more, foreign);
  return checked.stages.empty() ? 0 : 1;
}

}  // namespace assay::cli
