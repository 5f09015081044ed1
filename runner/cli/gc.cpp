// assay gc: frees what no cell of a study, stored or to come, needs.
#include <iostream>

#include "runner/cli/folder.h"
#include "runner/cli/present.h"
#include "runner/store/inspect.h"

namespace assay::cli {

namespace {

namespace fs = std::filesystem;
using State = store::Inspected::State;

constexpr const char* kUsage = "gc DIR|STUDY [--dry-run] [--finished] [--bad]";
constexpr std::size_t kKeyDigits = 32;

// What the study, as it is now, has stages for.
struct Needs {
  execute::KeySet planned;  // results of all stages of all cells
  execute::KeySet missing;  // those that a cell which has not run yet could start from
  execute::KeySet marked;   // stages that say checkpoint = true
};

Needs needs_of(const Tidied& of, const execute::KeySet& done) {
  Needs out;
  graph::CellLink link;
  const rounds::Schedule schedule = read_schedule(*of.study, *of.linker, of.folder);
  of.study->design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    for (std::uint64_t replicate = 0; replicate < of.study->seeds; ++replicate) {
      of.linker->link(choice, replicate, link);
      // Until nothing more can be asked for, any cell may be.
      const bool to_come = !schedule.complete || replicate < schedule.wanted.seeds(variant);
      const bool missing = to_come && !done.contains(link.key);
      for (const auto& step : link.steps) {
        out.planned.insert(step.key);
        if (missing) out.missing.insert(step.key);
        const auto& stage = of.study->stages[static_cast<std::size_t>(step.stage)];
        if (stage.checkpoint.value_or(false)) out.marked.insert(step.key);
      }
    }
    return true;
  });
  return out;
}

class Collector {
 public:
  Collector(fs::path folder, Needs needs, bool dry)
      : folder_(std::move(folder)),
        needs_(std::move(needs)),
        dry_(dry) {}

  void artifacts(bool finished) {
    each("artifacts", [&](const fs::path& file, const Key& key) {
      if (!needs_.planned.contains(key)) return free(file, "no stage of the study gives it");
      if (finished && !needs_.missing.contains(key) && !needs_.marked.contains(key))
        free(file, "all cells that need it are done");
    });
  }

  void midway() {
    each("midway", [&](const fs::path& file, const Key& key) {
      if (!needs_.planned.contains(key)) return free(file, "no stage of the study goes on from it");
      if (!needs_.missing.contains(key)) return free(file, "all cells that need it are done");
      if (fs::is_regular_file(folder_ / "artifacts" / (key.hex() + ".h5")))
        free(file, "its stage is done");
    });
  }

  void rubbish(bool bad) {
    for (const auto& found : store::rubbish(folder_))
      if (bad || found.state == State::kLeftover) free(found.file, found.why);
  }

  int finish() const {
    std::cout << (dry_ ? "would free " : "freed ") << size_text(static_cast<double>(bytes_))
              << " in " << count_ << (count_ == 1 ? " file" : " files") << " of "
              << folder_.string() << "\n";
    return failed_ ? 3 : 0;
  }

 private:
  template <class Visit>
  void each(const char* part, const Visit& visit) {
    std::vector<fs::path> files;
    std::error_code code;
    for (fs::directory_iterator it(folder_ / part, code), end; !code && it != end;
         it.increment(code))
      if (it->path().extension() == ".h5") files.push_back(it->path());
    std::sort(files.begin(), files.end());
    for (const fs::path& file : files)
      if (const auto key = Key::parse(file.filename().string().substr(0, kKeyDigits)))
        visit(file, *key);
  }

  void free(const fs::path& file, const std::string& why) {
    const std::uintmax_t bytes = store::bytes_of(file);
    std::cout << file.lexically_relative(folder_).string() << ": "
              << size_text(static_cast<double>(bytes)) << ", " << why << "\n";
    std::error_code code;
    if (!dry_) fs::remove_all(file, code);
    if (code) {
      std::cerr << "assay: cannot remove " << file.string() << ": " << code.message() << "\n";
      failed_ = true;
      return;
    }
    bytes_ += bytes, ++count_;
  }

  fs::path folder_;
  Needs needs_;
  bool dry_;
  std::uintmax_t bytes_ = 0;
  int count_ = 0;
  bool failed_ = false;
};

}  // namespace

int gc_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("dry-run,n", po::bool_switch(), "say what would be freed")(
      "finished", po::bool_switch(),
      "also checkpoints whose cells are all done, but for stages that say checkpoint = true")(
      "bad", po::bool_switch(), "also files that were set aside as damaged");
  po::variables_map vm;
  if (!parse(arguments, kUsage, options, {"study"}, vm)) return 0;
  if (!vm.count("study"))
    throw UsageError(std::string("gc needs a results folder or a study file\nusage: assay ") +
                     kUsage);
  const std::string& name = vm["study"].as<std::vector<std::string>>().front();
  const Tidied of = tidied(name, vm);
  if (!of.study) {
    std::cerr << "assay: without its study nobody knows what " << name
              << " needs; nothing is freed (assay gc STUDY names it)\n";
    return 2;
  }
  std::vector<store::Store::CellState> states;
  for (const auto& found : store::inspect_segments(of.folder, states))
    if (found.state == State::kNewer || found.state == State::kUnreadable)
      throw store::StoreError(found.why);
  Collector collector(of.folder, needs_of(of, done_cells(states)), vm["dry-run"].as<bool>());
  collector.artifacts(vm["finished"].as<bool>());
  collector.midway();
  collector.rubbish(vm["bad"].as<bool>());
  return collector.finish();
}

}  // namespace assay::cli
