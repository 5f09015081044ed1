#include "runner/cli/explained.h"

#include <unordered_map>

#include "runner/cli/present.h"

namespace assay::cli {

namespace {

class Why {
 public:
  Why(const config::Study& study, const design::Wanted& wanted, const explain::History& history,
      std::vector<Chosen> chosen, std::size_t most)
      : study_(study),
        wanted_(wanted),
        most_(most),
        linker_(study),
        history_(history),
        checkpoints_(stored_artifacts(history.folder)),
        now_(explain::origin_of(study, 0)) {
    Diagnostics checked;
    linker_.check(checked);
    for (Chosen& cell : chosen) explain_cell(std::move(cell));
    if (cells.size() == 1 && !cells[0].stored()) explain_stages(cells[0]);
  }

  std::vector<Explained> cells;

 private:
  void explain_cell(Chosen chosen) {
    Explained& out = cells.emplace_back();
    out.config = linker_.describe(chosen.choice, chosen.replicate);
    out.record = history_.find(chosen.key);
    out.compared = !out.record && compared_++ < most_;
    if (out.compared)
      out.reason =
          explain::reason_of(history_, study_, linker_, chosen.choice, chosen.replicate, now_);
    out.cell = std::move(chosen);
  }

  // What the cell's last stages need, and what checkpoints make needless.
  void explain_stages(Explained& out) const {
    graph::CellLink link;
    linker_.link(out.cell.choice, out.cell.replicate, link);
    const auto shared = count_sharing(link);
    std::vector<bool> needed(link.steps.size(), true), changed(link.steps.size());
    for (const auto& step : link.steps)
      for (const int input : step.inputs) needed[static_cast<std::size_t>(input)] = false;
    std::vector<StageLine> lines(link.steps.size());
    for (std::size_t i = link.steps.size(); i-- > 0;) {
      const auto& step = link.steps[i];
      const auto& stage = study_.stages[static_cast<std::size_t>(step.stage)];
      const bool kept = execute::keeps_artifact(stage) && checkpoints_.contains(step.key);
      lines[i] = {stage.name,
                  !needed[i] ? "not needed"
                  : kept     ? "checkpoint"
                             : "computed",
                  "", shared.at(step.key) - 1};
      if (needed[i] && !kept)
        for (const int input : step.inputs) needed[static_cast<std::size_t>(input)] = true;
    }
    for (std::size_t i = 0; i < lines.size(); ++i)
      lines[i].reason = change_of(out.reason, link, i, lines, changed);
    out.stages = std::move(lines);
  }

  std::unordered_map<Key, std::uint64_t> count_sharing(const graph::CellLink& of) const {
    std::unordered_map<Key, std::uint64_t> out;
    for (const auto& step : of.steps) out.emplace(step.key, 0);
    graph::CellLink link;
    study_.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
      for (std::uint64_t replicate = 0; replicate < wanted_.seeds(variant); ++replicate) {
        linker_.link(choice, replicate, link);
        for (const auto& step : link.steps)
          if (const auto it = out.find(step.key); it != out.end()) ++it->second;
      }
      return true;
    });
    return out;
  }

  // What sets a stage apart from that of the nearest cell: its own parameters, or an input.
  static std::string change_of(const explain::Reason& reason, const graph::CellLink& link,
                               std::size_t i, const std::vector<StageLine>& lines,
                               std::vector<bool>& changed) {
    for (const auto& difference : reason.differences) {
      if (difference.path.substr(0, difference.path.find('.')) != lines[i].name) continue;
      changed[i] = true;
      return difference.path + " differs";
    }
    for (const int input : link.steps[i].inputs) {
      if (!changed[static_cast<std::size_t>(input)]) continue;
      changed[i] = true;
      return "its input " + lines[static_cast<std::size_t>(input)].name + " differs";
    }
    return {};
  }

  const config::Study& study_;
  const design::Wanted& wanted_;
  std::size_t most_, compared_ = 0;  // missing cells to compare, and those that are
  graph::Linker linker_;
  const explain::History& history_;
  execute::KeySet checkpoints_;
  explain::Origin now_;
};

}  // namespace

std::vector<Explained> explain_cells(const config::Study& study, const design::Wanted& wanted,
                                     const explain::History& history, std::vector<Chosen> chosen,
                                     std::size_t most) {
  return std::move(Why(study, wanted, history, std::move(chosen), most).cells);
}

}  // namespace assay::cli
