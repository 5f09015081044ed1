// assay fsck: reads everything in a results folder, sets aside what is damaged, writes anew what
// the segments tell.
#include <iostream>
#include <nlohmann/json.hpp>

#include "runner/cli/folder.h"
#include "runner/cli/present.h"
#include "runner/store/files.h"
#include "runner/store/inspect.h"

namespace assay::cli {

namespace {

namespace fs = std::filesystem;
using State = store::Inspected::State;

constexpr const char* kUsage = "fsck DIR|STUDY [--dry-run] [--json]";

// One line of the report.
struct Line {
  store::Inspected found;
  std::string action;  // what was done, or would be
  bool cured = true;
};

class Check {
 public:
  Check(Tidied of, bool dry) : of_(std::move(of)), dry_(dry) {}

  void run() {
    for (auto& found : store::inspect_segments(of_.folder, states_)) treat(std::move(found));
    const bool segments_whole = problems_ == 0;
    for (auto& found : store::inspect_rest(of_.folder)) treat(std::move(found));
    study_text();
    // Reading the cells sets damaged segments aside, which a dry run must not.
    if (of_.study && !newer_ && (segments_whole || !dry_)) study_file();
    if (of_.study) count();
  }

  int code() const { return failures_ ? 3 : problems_ ? 1 : 0; }
  void print() const;
  void print_json() const;

 private:
  fs::path shown(const fs::path& file) const { return file.lexically_relative(of_.folder); }

  // Does what `cure` does, unless it is only asked what would be done.
  void problem(store::Inspected found, const std::string& done, const std::string& would,
               const std::function<void()>& cure) {
    Line line{std::move(found), dry_ ? "would be " + would : done, true};
    ++problems_;
    try {
      if (!dry_) cure();
    } catch (const std::exception& error) {
      line.action = error.what(), line.cured = false;
      ++failures_;
    }
    lines_.push_back(std::move(line));
  }

  void incurable(store::Inspected found, const std::string& advice) {
    ++problems_, ++failures_;
    lines_.push_back({std::move(found), advice, false});
  }

  void set_aside(store::Inspected found) {
    const fs::path file = found.file;
    problem(std::move(found), "set aside", "set aside", [&file] { store::set_aside(file); });
  }

  void treat(store::Inspected found) {
    const fs::path file = found.file;
    switch (found.state) {
      case State::kWhole:
        ++whole_[found.kind];
        [[fallthrough]];
      case State::kSetAside:
        lines_.push_back({std::move(found), "", true});
        return;
      case State::kDamaged:
        return set_aside(std::move(found));
      case State::kLeftover:
        return problem(std::move(found), "removed", "removed", [&file] { fs::remove_all(file); });
      case State::kNewer:
        newer_ = true;
        [[fallthrough]];
      case State::kUnreadable:
        return incurable(std::move(found), "left as it is");
    }
  }

  // study.toml: beside it, study.h5 can be written anew, and cells counted.
  void study_text() {
    const fs::path file = of_.folder / "study.toml";
    store::Inspected found{file, "study", State::kDamaged, "", store::bytes_of(file)};
    std::error_code code;
    const fs::file_type type = fs::status(file, code).type();
    const bool usable = type == fs::file_type::regular;
    const bool absent = type == fs::file_type::not_found;
    if (usable && of_.study) {
      found.state = State::kWhole;
      return treat(std::move(found));
    }
    found.why = absent ? "it is missing" : usable ? "it is no study" : "it is no file";
    if (!of_.study) return incurable(std::move(found), "name the study file: assay fsck STUDY");
    problem(std::move(found), "written anew", "written anew", [&] {
      if (!absent) store::set_aside(file);
      keep_study(*of_.study, of_.folder);
    });
  }

  // study.h5 has no hash of its own: it is what the segments give, to the byte, or it is written.
  void study_file() {
    const fs::path file = of_.folder / "study.h5";
    store::Inspected found{file, "table", State::kDamaged, "", store::bytes_of(file)};
    Results results = read_results(*of_.study, *of_.linker, of_.folder);
    const auto image = image_of_study(*of_.study, results);
    bool in_the_way = false;
    try {
      const auto bytes = store::read_file(file);
      found.why =
          bytes ? "it is older than the segments, of another machine, or damaged" : "it is missing";
      found.state = bytes == image ? State::kWhole : State::kDamaged;
    } catch (const store::StoreError& error) {
      found.why = error.what(), in_the_way = true;
    }
    if (found.state == State::kWhole) {
      found.why.clear();
      return treat(std::move(found));
    }
    problem(std::move(found), "written anew", "written anew", [&] {
      if (in_the_way) store::set_aside(file);
      store::commit_file(file, image, true);
    });
  }

  void count() {
    const execute::KeySet done = done_cells(states_);
    graph::CellLink link;
    const auto wanted = read_schedule(*of_.study, *of_.linker, of_.folder).wanted;
    of_.study->design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
      for (std::uint64_t replicate = 0; replicate < wanted.seeds(variant); ++replicate) {
        of_.linker->link(choice, replicate, link);
        ++cells_, done_ += done.count(link.key);
      }
      return true;
    });
  }

  Tidied of_;
  bool dry_;
  std::vector<store::Store::CellState> states_;
  std::vector<Line> lines_;
  std::map<std::string, int> whole_;
  int problems_ = 0, failures_ = 0;
  bool newer_ = false;
  std::uint64_t cells_ = 0, done_ = 0;
};

void Check::print() const {
  for (const Line& line : lines_) {
    if (line.found.state == State::kWhole) continue;
    std::cout << shown(line.found.file).string() << ": " << line.found.why
              << (line.action.empty() ? "" : "; " + line.action) << "\n";
  }
  std::string whole;
  for (const auto& [kind, n] : whole_)
    whole += (whole.empty() ? "" : ", ") + std::to_string(n) + " " + kind + (n == 1 ? "" : "s");
  std::cout << of_.folder.string() << ": " << (whole.empty() ? "nothing" : whole) << " whole";
  if (problems_) std::cout << ", " << problems_ << (problems_ == 1 ? " problem" : " problems");
  std::cout << "\n";
  if (of_.study)
    std::cout << done_ << " of " << cells_ << " cells are whole, " << cells_ - done_
              << " will be run by the next assay run\n";
}

void Check::print_json() const {
  static constexpr const char* kStates[] = {"whole",      "damaged",  "newer",
                                            "unreadable", "leftover", "set aside"};
  nlohmann::ordered_json out;
  out["folder"] = of_.folder.string();
  out["problems"] = problems_;
  out["not_repaired"] = failures_;
  if (of_.study) out["cells"] = {{"all", cells_}, {"whole", done_}, {"to_run", cells_ - done_}};
  out["files"] = nlohmann::json::array();
  for (const Line& line : lines_)
    out["files"].push_back({{"file", shown(line.found.file).string()},
                            {"kind", line.found.kind},
                            {"state", kStates[static_cast<int>(line.found.state)]},
                            {"bytes", line.found.bytes},
                            {"why", line.found.why},
                            {"action", line.action}});
  std::cout << out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
}

}  // namespace

int fsck_command(const Arguments& arguments) {
  po::options_description options = study_options();
  options.add_options()("dry-run,n", po::bool_switch(), "report, and change nothing")(
      "json", po::bool_switch(), "every file, as JSON");
  po::variables_map vm;
  if (!parse(arguments, kUsage, options, {"study"}, vm)) return 0;
  if (!vm.count("study"))
    throw UsageError(std::string("fsck needs a results folder or a study file\nusage: assay ") +
                     kUsage);
  const std::string& name = vm["study"].as<std::vector<std::string>>().front();
  Tidied of = tidied(name, vm);
  if (of.folder.empty()) return 2;
  Check check(std::move(of), vm["dry-run"].as<bool>());
  check.run();
  if (vm["json"].as<bool>())
    check.print_json();
  else
    check.print();
  return check.code();
}

}  // namespace assay::cli
