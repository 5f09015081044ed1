// assay diff: two studies, or two cells, compared bit for bit. Times do not count.
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

#include "runner/cli/command.h"
#include "runner/cli/present.h"
#include "runner/cli/select.h"
#include "runner/explain/bits.h"
#include "runner/explain/history.h"
#include "runner/explain/values.h"

namespace assay::cli {

namespace {

namespace fs = std::filesystem;

struct Line {
  Key key;
  std::string config;
  const store::CellRecord* record = nullptr;
};

// One of the two: a folder with all that is stored there, or a study file with its cells.
struct Side {
  std::string name, cell;  // of NAME#CELL
  std::string folder;
  std::shared_ptr<const config::Study> study;  // null where a folder holds none
  explain::History history;
  std::vector<Line> lines;
  std::map<Key, std::size_t> place;
  std::vector<explain::StoredVariant> variants;

  const Line* find(const Key& key) const {
    const auto it = place.find(key);
    return it == place.end() ? nullptr : &lines[it->second];
  }
};

void add_line(Side& side, Line line) {
  side.place.emplace(line.key, side.lines.size());
  side.lines.push_back(std::move(line));
}

void add_stored(Side& side) {
  for (const store::CellRecord& record : side.history.records)
    add_line(side, {record.key, record.config, &record});
  side.variants = side.history.variants;
}

void add_cells_of_study(Side& side) {
  graph::Linker linker(*side.study);
  Diagnostics checked;
  linker.check(checked);
  const explain::Origin now = explain::origin_of(*side.study, 0);
  graph::CellLink link;
  const auto wanted = read_schedule(*side.study, linker, side.folder).wanted;
  side.study->design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    if (wanted.seeds(variant) == 0) return true;
    side.variants.push_back({explain::account_of(*side.study, linker, choice, now.parts), {}});
    for (std::uint64_t replicate = 0; replicate < wanted.seeds(variant); ++replicate) {
      linker.link(choice, replicate, link);
      side.variants.back().records.emplace(replicate, side.lines.size());
      add_line(side, {link.key, linker.describe(choice, replicate), side.history.find(link.key)});
    }
    return true;
  });
}

// False where the study has mistakes; they are printed then.
bool load(const std::string& argument, const po::variables_map& vm, Side& out) {
  out.name = argument;
  const std::size_t hash = argument.rfind('#');
  if (hash != std::string::npos && !fs::exists(argument)) {
    out.name = argument.substr(0, hash);
    out.cell = argument.substr(hash + 1);
  }
  if (!fs::exists(out.name))
    throw UsageError("there is no study file or results folder " + out.name);
  const bool is_folder = fs::is_directory(out.name);
  out.folder = out.name;
  if (!is_folder || fs::exists(fs::path(out.name) / "study.toml")) {
    out.study = study_of(out.name, vm, out.folder);
    if (!out.study) return false;
  }
  out.history = explain::read_history(out.folder, is_folder);
  if (is_folder)
    add_stored(out);
  else
    add_cells_of_study(out);
  return true;
}

void print_configs(const Side& a, const Side& b) {
  if (!a.study || !b.study) return;
  const auto lines = explain::value_differences(a.study->root, b.study->root);
  std::cout << "studies: " << (lines.empty() ? "equal" : "different") << "\n";
  for (const std::string& line : lines) std::cout << "  " << line << "\n";
}

// Largest difference of each metric over many cells.
class Differences {
 public:
  void add(const Line& a, const Line& b) {
    if (!a.record && !b.record) return;
    ++compared_;
    if (!a.record || !b.record) {
      tell({"stored", a.record ? "stored" : "missing", b.record ? "stored" : "missing", 0.0}, a);
      return;
    }
    for (const auto& one : explain::bit_differences(*a.record, *b.record)) tell(one, a);
  }
  bool none() const { return found_.empty(); }
  void print(const std::string& which) const {
    std::cout << "results of " << compared_ << " " << which << ": "
              << (none() ? "equal bit for bit" : "different") << "\n";
    for (const auto& [name, one] : found_)
      std::cout << "  " << one.worst.what << ": " << one.worst.before << " | " << one.worst.after
                << " in " << one.config
                << (one.cells > 1 ? ", the largest of " + std::to_string(one.cells) : "") << "\n";
  }

 private:
  struct Worst {
    explain::BitDifference worst;
    std::string config;
    std::size_t cells = 0;
  };
  void tell(const explain::BitDifference& one, const Line& line) {
    Worst& worst = found_[one.what.substr(0, one.what.find(" at step "))];
    if (worst.cells == 0 || one.size > worst.worst.size)
      worst.worst = one, worst.config = line.config;
    ++worst.cells;
  }
  std::size_t compared_ = 0;
  std::map<std::string, Worst> found_;
};

std::vector<const Line*> only_in(const Side& side, const Side& other) {
  std::vector<const Line*> out;
  for (const Line& line : side.lines)
    if (!other.find(line.key)) out.push_back(&line);
  return out;
}

// In what the cells that only `b` has differ from the nearest of `a`.
void print_reasons(const Side& a, const Side& b, const std::vector<const Line*>& only) {
  constexpr std::size_t kAsked = 500;
  std::set<Key> wanted;
  for (std::size_t i = 0; i < std::min(kAsked, only.size()); ++i) wanted.insert(only[i]->key);
  std::map<std::string, std::size_t> reasons;
  for (const auto& variant : b.variants)
    for (const auto& [replicate, record] : variant.records) {
      if (!wanted.contains(b.lines[record].key)) continue;
      const auto found = explain::nearest(variant.account, replicate, a.variants);
      if (!found) continue;
      std::string reason;
      for (const auto& one : found->differences) reason += "    " + explain::text(one) + "\n";
      ++reasons[reason.empty() ? "    nothing that is recorded\n" : reason];
    }
  for (const auto& [reason, count] : reasons)
    std::cout << "  " << count << " of " << b.name << " differ from the nearest of " << a.name
              << " in\n"
              << reason;
}

// True where both have the same cells; others are compared by their axis values.
bool compare_cells(const Side& a, const Side& b) {
  const auto only_a = only_in(a, b), only_b = only_in(b, a);
  std::cout << "cells: " << a.lines.size() - only_a.size() << " in both, " << only_a.size()
            << " only in " << a.name << ", " << only_b.size() << " only in " << b.name << "\n";
  if (only_a.empty() && only_b.empty()) return true;
  print_reasons(a, b, only_b);
  std::map<std::string, const Line*> by_config;
  for (const Line* line : only_a) by_config.emplace(line->config, line);
  Differences differences;
  bool any = false;
  for (const Line* line : only_b)
    if (const auto it = by_config.find(line->config); it != by_config.end())
      any = true, differences.add(*it->second, *line);
  if (any) differences.print("cells with equal axis values and other keys");
  return false;
}

bool compare_common(const Side& a, const Side& b) {
  Differences differences;
  for (const Line& line : a.lines)
    if (const Line* other = b.find(line.key)) differences.add(line, *other);
  differences.print("common cells");
  return differences.none();
}

bool compare_checkpoints(const Side& a, const Side& b) {
  const auto in_a = stored_artifacts(a.folder), in_b = stored_artifacts(b.folder);
  std::size_t common = 0, different = 0;
  std::string first;
  for (const Key& key : in_a) {
    if (!in_b.contains(key)) continue;
    const auto one = store::read_artifact(a.folder, key),
               other = store::read_artifact(b.folder, key);
    if (!one || !other) continue;
    ++common;
    const std::string part = explain::archive_difference(one->archive, other->archive);
    if (part.empty()) continue;
    ++different;
    if (first.empty()) first = key.hex().substr(0, 8) + ", first in " + part;
  }
  if (common > 0)
    std::cout << common << " common checkpoints: "
              << (different ? std::to_string(different) + " different (" + first + ")"
                            : "equal bit for bit")
              << "\n";
  return different == 0;
}

Line chosen_line(const Side& side, const std::string& argument) {
  std::vector<const Line*> found;
  Key wanted;
  if (is_key_prefix(side.cell)) {
    for (const Line& line : side.lines)
      if (line.key.hex().starts_with(side.cell)) found.push_back(&line);
  } else if (side.study) {
    graph::Linker linker(*side.study);
    Diagnostics checked;
    linker.check(checked);
    const auto wanted = read_schedule(*side.study, linker, side.folder).wanted;
    for (const Chosen& cell : select_cells(*side.study, linker, wanted, side.cell))
      if (const Line* line = side.find(cell.key)) found.push_back(line);
  }
  if (found.size() != 1)
    throw UsageError(argument + " names " + std::to_string(found.size()) +
                     " cells; one is needed: a number or the beginning of a key (assay why)");
  return *found[0];
}

const explain::Node* account_of(const Side& side, const Key& key) {
  for (const auto& variant : side.variants)
    for (const auto& [replicate, record] : variant.records)
      if (side.lines[record].key == key) return &variant.account;
  return nullptr;
}

int diff_two_cells(const Side& a, const Side& b, const Line& first, const Line& second) {
  std::cout << "a: " << first.config << " (key " << first.key.hex() << ")\nb: " << second.config
            << " (key " << second.key.hex() << ")\n";
  const explain::Node *before = account_of(a, first.key), *after = account_of(b, second.key);
  if (before && after)
    for (const auto& one : explain::differences(*before, *after))
      std::cout << "  " << explain::text(one) << "\n";
  Differences differences;
  differences.add(first, second);
  differences.print("cell");
  return first.key == second.key && differences.none() ? 0 : 1;
}

}  // namespace

int diff_command(const Arguments& arguments) {
  const std::string usage = "diff A B [options]";
  po::options_description options = study_options();
  po::variables_map vm;
  if (!parse(arguments,
             usage + "\n\nA and B: results folders or study files; or two cells as DIR#CELL, by "
                     "number or by the\nbeginning of a key. Times do not count. Exit code 0: "
                     "equal, 1: different.",
             options, {"a", "b"}, vm))
    return 0;
  if (!vm.count("a") || !vm.count("b"))
    throw UsageError("diff needs two studies or cells\nusage: assay " + usage);
  const std::string first = vm["a"].as<std::vector<std::string>>().front();
  const std::string second = vm["b"].as<std::vector<std::string>>().front();
  Side a, b;
  if (!load(first, vm, a) || !load(second, vm, b)) return 2;
  if (a.cell.empty() != b.cell.empty())
    throw UsageError("a cell can only be compared with a cell\nusage: assay " + usage);
  if (!a.cell.empty()) return diff_two_cells(a, b, chosen_line(a, first), chosen_line(b, second));
  print_configs(a, b);
  const bool cells = compare_cells(a, b), results = compare_common(a, b);
  const bool checkpoints = compare_checkpoints(a, b);
  const bool equal = cells && results && checkpoints;
  std::cout << (equal ? "equal\n" : "different\n");
  return equal ? 0 : 1;
}

}  // namespace assay::cli
