// assay why: stored, failed, or to be run because its key differs from the nearest stored one.
#include <ctime>
#include <iostream>
#include <limits>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "runner/cli/command.h"
#include "runner/cli/explained.h"
#include "runner/cli/present.h"
#include "runner/execute/progress.h"

namespace assay::cli {

namespace {

using Json = nlohmann::ordered_json;

std::string time_text(double unix_time) {
  const auto seconds = static_cast<std::time_t>(unix_time);
  std::tm local{};
  localtime_r(&seconds, &local);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

std::string short_key(const Key& key) {
  return key.hex().substr(0, 8);
}

std::string stored_text(const explain::History& history, const store::CellRecord& record) {
  std::string out =
      time_text(record.finished) + ", " + execute::duration_text(record.seconds) + " of compute";
  const auto places = store::Store::read_places(history.folder);
  if (const auto it = places.find(record.key); it != places.end())
    out += ", in " + it->second.string();
  if (const explain::Origin* origin = history.origin(record))
    out += "\n  by " + explain::text(origin->maker);
  return out;
}

void print_one(const Explained& cell, const explain::History& history) {
  std::cout << "cell " << cell.cell.number << ": " << cell.config << " (key "
            << short_key(cell.cell.key) << ")\n";
  if (!cell.cell.wanted) {
    std::cout << "  not asked for: no result so far calls for it\n";
    return;
  }
  if (cell.record) {
    std::cout << "  " << cell.state() << " " << stored_text(history, *cell.record) << "\n";
    if (cell.stored()) return;
    std::cout << "  in stage " << cell.record->failed_stage << ": " << cell.record->message
              << "\n  a run tries it again\n";
  } else if (!cell.reason.nearest) {
    std::cout << "  would run: nothing is stored\n";
  } else {
    std::cout << "  would run: it differs from the nearest stored cell ("
              << short_key(cell.reason.nearest->key) << ") in\n";
    for (const std::string& line : cell.reason.lines()) std::cout << "    " << line << "\n";
  }
  std::size_t width = 0;
  for (const StageLine& stage : cell.stages) width = std::max(width, stage.name.size());
  for (const StageLine& stage : cell.stages) {
    std::cout << "  stage " << stage.name << std::string(width - stage.name.size(), ' ') << "  "
              << (stage.state == "checkpoint"   ? "from its checkpoint"
                  : stage.state == "not needed" ? "not needed: a checkpoint stands in for it"
                                                : "computed");
    if (stage.state == "computed" && stage.shared > 0)
      std::cout << ", once for this and " << stage.shared
                << (stage.shared == 1 ? " other cell" : " other cells");
    std::cout << (stage.reason.empty() ? "" : "; " + stage.reason) << "\n";
  }
}

// "cells 0, 3, 4 and 12 more"
std::string numbers_text(const std::vector<const Explained*>& cells) {
  constexpr std::size_t kShown = 8;
  std::string out = cells.size() == 1 ? "cell " : "cells ";
  for (std::size_t i = 0; i < std::min(cells.size(), kShown); ++i)
    out += (i > 0 ? ", " : "") + std::to_string(cells[i]->cell.number);
  if (cells.size() > kShown) out += " and " + std::to_string(cells.size() - kShown) + " more";
  return out;
}

// Cells with the same reason are told together.
void print_groups(const std::vector<Explained>& cells, const std::string& file) {
  std::vector<std::pair<std::string, std::vector<const Explained*>>> groups;
  std::unordered_map<std::string, std::size_t> known;
  std::size_t count[3] = {};
  for (const Explained& cell : cells) {
    ++count[cell.stored() ? 0 : cell.record ? 1 : 2];
    if (cell.stored()) continue;
    std::string reason;
    if (!cell.record && !cell.compared) {
      reason = "would run, not compared with what is stored (--json compares all)\n";
    } else if (cell.record) {
      reason = "failed in stage " + cell.record->failed_stage + ": " + cell.record->message + "\n";
    } else {
      reason = cell.reason.nearest ? "would run, differing from the nearest stored cell in\n"
                                   : "would run: nothing is stored\n";
      if (cell.reason.nearest)
        for (const std::string& line : cell.reason.lines()) reason += "    " + line + "\n";
    }
    const auto [it, fresh] = known.emplace(reason, groups.size());
    if (fresh) groups.push_back({reason, {}});
    groups[it->second].second.push_back(&cell);
  }
  std::cout << cells.size() << " cells: " << count[0] << " stored, " << count[1] << " failed, "
            << count[2] << " would run\n";
  constexpr std::size_t kShown = 20;
  for (std::size_t i = 0; i < std::min(groups.size(), kShown); ++i)
    std::cout << "  " << numbers_text(groups[i].second) << " " << groups[i].first;
  if (groups.size() > kShown)
    std::cout << "  and " << groups.size() - kShown << " more reasons (--json has all)\n";
  if (!groups.empty())
    std::cout << "assay why " << file << " " << groups[0].second[0]->cell.number
              << " tells of its stages\n";
}

Json json_of(const explain::Difference& difference) {
  Json out = {
      {"path", difference.path}, {"before", difference.before}, {"after", difference.after}};
  if (!difference.component.empty()) out["version_of"] = difference.component;
  if (difference.where.known())
    out["where"] = difference.where.source->name + ":" + std::to_string(difference.where.line);
  return out;
}

Json json_of(const Explained& cell, const explain::History& history) {
  Json out = {{"cell", cell.cell.number},
              {"key", cell.cell.key.hex()},
              {"config", cell.config},
              {"state", cell.state()}};
  if (cell.record) {
    out["finished"] = cell.record->finished;
    out["seconds"] = cell.record->seconds;
    if (const explain::Origin* origin = history.origin(*cell.record))
      out["by"] = explain::text(origin->maker);
  }
  if (cell.record && !cell.stored()) {
    out["failed_stage"] = cell.record->failed_stage;
    out["message"] = cell.record->message;
  }
  if (cell.reason.nearest) {
    out["nearest"] = cell.reason.nearest->key.hex();
    out["differences"] = Json::array();
    for (const auto& one : cell.reason.differences) out["differences"].push_back(json_of(one));
  }
  for (const StageLine& stage : cell.stages)
    out["stages"].push_back({{"stage", stage.name},
                             {"state", stage.state},
                             {"other_cells", stage.shared},
                             {"reason", stage.reason}});
  return out;
}

// A stored cell that the study does not have (any more).
int explain_foreign(const std::string& prefix, const std::string& folder) {
  const explain::History history = explain::read_history(folder, false);
  bool found = false;
  for (const store::CellRecord& record : history.records) {
    if (!record.key.hex().starts_with(prefix)) continue;
    found = true;
    std::cout << "cell " << short_key(record.key) << ": " << record.config
              << "\n  not of this study as it is now\n  "
              << (record.status == store::Status::kDone ? "stored " : "failed ")
              << stored_text(history, record) << "\n";
  }
  if (!found) throw UsageError("no cell has a key that begins with " + prefix);
  return 0;
}

}  // namespace

int why_command(const Arguments& arguments) {
  const std::string usage = "why STUDY|DIR [CELL|EXPRESSION] [options]";
  po::options_description options = study_options();
  options.add_options()("json", po::bool_switch(), "as JSON");
  po::variables_map vm;
  if (!parse(arguments,
             usage + "\n\nCELL: a number in the order of the study, from 0, or the beginning of a "
                     "key.\nEXPRESSION: over axes and replicate, as in sweep.exclude: 'k == 2 and "
                     "replicate < 3'.\nWithout either: all cells, grouped by reason.",
             options, {"study", "cells"}, vm))
    return 0;
  if (!vm.count("study"))
    throw UsageError("why needs a study file or a results folder\nusage: assay " + usage);
  const std::string file = vm["study"].as<std::vector<std::string>>().front();
  std::string folder;
  const auto study = study_of(file, vm, folder);
  if (!study) return 2;
  graph::Linker linker(*study);
  Diagnostics checked;
  linker.check(checked);
  const std::string asked =
      vm.count("cells") ? vm["cells"].as<std::vector<std::string>>().front() : "";
  const design::Wanted wanted = read_schedule(*study, linker, folder).wanted;
  std::vector<Chosen> chosen = select_cells(*study, linker, wanted, asked);
  if (chosen.empty() && is_key_prefix(asked)) return explain_foreign(asked, folder);
  if (chosen.empty()) throw UsageError("no cell of the study meets " + asked);
  // Comparing every cell with every stored one takes minutes where both are tens of thousands.
  constexpr std::size_t kCompared = 1000;
  const bool json = vm["json"].as<bool>();
  const explain::History history = explain::read_history(folder, true);
  const auto cells = explain_cells(*study, wanted, history, std::move(chosen),
                                   json ? std::numeric_limits<std::size_t>::max() : kCompared);
  if (json) {
    Json out = Json::array();
    for (const Explained& cell : cells) out.push_back(json_of(cell, history));
    std::cout << out.dump(2) << "\n";
  } else if (cells.size() == 1) {
    print_one(cells[0], history);
  } else {
    print_groups(cells, file);
  }
  return 0;
}

}  // namespace assay::cli
