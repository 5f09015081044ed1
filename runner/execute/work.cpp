#include "runner/execute/work.h"

namespace assay::execute {

bool keeps_artifact(const config::StageSpec& stage) {
  return stage.checkpoint.value_or(stage.component->checkpoint);
}

namespace {

// What a stage cost and gave when it ran before, on average.
struct Past {
  double seconds = -1.0;  // -1: it never ran
  double bytes = 0.0;
};

std::vector<Past> past_of(const config::Study& study,
                          const std::vector<store::StageTiming>& timings) {
  std::vector<Past> out(study.stages.size());
  for (std::size_t i = 0; i < out.size(); ++i) {
    double seconds = 0.0, bytes = 0.0, count = 0.0;
    for (const store::StageTiming& timing : timings) {
      if (timing.stage != study.stages[i].name) continue;
      if (timing.component != study.stages[i].component->name) continue;
      seconds += timing.seconds, bytes += timing.bytes, count += 1.0;
    }
    if (count > 0) out[i] = {seconds / count, bytes / count};
  }
  return out;
}

class Planner {
 public:
  Planner(const config::Study& study, const KeySet& checkpoints, Work& work, std::vector<Past> past)
      : study_(study),
        checkpoints_(checkpoints),
        work_(work),
        past_(std::move(past)) {}

  void add(const graph::CellLink& link, std::uint64_t variant, std::uint64_t replicate) {
    const int cell = static_cast<int>(work_.cells.size());
    work_.cells.push_back({link.key, variant, replicate, std::vector<int>(link.steps.size(), -1)});
    std::vector<bool> taken(link.steps.size());
    for (const auto& step : link.steps)
      for (const int input : step.inputs) taken[static_cast<std::size_t>(input)] = true;
    work_.stages_wanted += link.steps.size();
    for (std::size_t i = 0; i < link.steps.size(); ++i) {
      if (taken[i]) continue;
      need(link, i, cell);
      work_.nodes[static_cast<std::size_t>(work_.cells.back().nodes[i])].cells.push_back(cell);
    }
  }

 private:
  int need(const graph::CellLink& link, std::size_t i, int cell) {
    auto& known = work_.cells[static_cast<std::size_t>(cell)].nodes[i];
    if (known >= 0) return known;
    const auto& step = link.steps[i];
    const Cell& owner = work_.cells[static_cast<std::size_t>(cell)];
    const auto found = by_key_.find(step.key);
    if (found != by_key_.end()) {
      known = found->second;
      if (!work_.nodes[static_cast<std::size_t>(known)].from_checkpoint)
        for (const int input : step.inputs) need(link, static_cast<std::size_t>(input), cell);
      return found->second;
    }
    Node node;
    node.key = step.key, node.stage = step.stage;
    node.variant = owner.variant, node.replicate = owner.replicate;
    const auto& stage = study_.stages[static_cast<std::size_t>(step.stage)];
    node.from_checkpoint = keeps_artifact(stage) && checkpoints_.count(step.key) > 0;
    if (!node.from_checkpoint)
      for (const int input : step.inputs) {
        node.inputs.push_back(need(link, static_cast<std::size_t>(input), cell));
        node.input_stages.push_back(link.steps[static_cast<std::size_t>(input)].stage);
      }
    const double expected = past_[static_cast<std::size_t>(step.stage)].seconds;
    node.cost = node.from_checkpoint ? 1e-3 : expected >= 0 ? expected : 1.0;
    const int index = static_cast<int>(work_.nodes.size());
    for (const int input : node.inputs)
      work_.nodes[static_cast<std::size_t>(input)].dependents.push_back(index);
    work_.nodes.push_back(std::move(node));
    by_key_.emplace(step.key, index);
    work_.cells[static_cast<std::size_t>(cell)].nodes[i] = index;
    return index;
  }

  const config::Study& study_;
  const KeySet& checkpoints_;
  Work& work_;
  std::vector<Past> past_;
  std::unordered_map<Key, int> by_key_;
};

}  // namespace

Work plan_work(const config::Study& study, const graph::Linker& linker,
               const design::Wanted& wanted, const KeySet& done, const KeySet& checkpoints,
               const std::vector<store::StageTiming>& timings) {
  Work work;
  Planner planner(study, checkpoints, work, past_of(study, timings));
  KeySet planned;
  graph::CellLink link;
  study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    for (std::uint64_t replicate = 0; replicate < wanted.seeds(variant); ++replicate) {
      linker.link(choice, replicate, link);
      if (done.count(link.key))
        ++work.stored;
      else if (planned.insert(link.key).second)
        planner.add(link, variant, replicate);
    }
    return true;
  });
  for (std::size_t i = work.nodes.size(); i-- > 0;) {
    Node& node = work.nodes[i];
    for (const int next : node.dependents)
      node.path = std::max(node.path, work.nodes[static_cast<std::size_t>(next)].path);
    node.path += node.cost;
  }
  return work;
}

Outline outline(const config::Study& study, const graph::Linker& linker,
                const design::Wanted& wanted, const KeySet& done, const KeySet& checkpoints,
                const std::vector<store::StageTiming>& timings) {
  Outline out;
  out.unique_by_stage.resize(study.stages.size());
  const std::vector<Past> past = past_of(study, timings);
  const bool known =
      std::all_of(past.begin(), past.end(), [](const Past& p) { return p.seconds >= 0; });
  double shared_seconds = 0.0, all_seconds = 0.0;
  KeySet seen;
  graph::CellLink link;
  study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    for (std::uint64_t replicate = 0; replicate < wanted.seeds(variant); ++replicate) {
      linker.link(choice, replicate, link);
      ++out.cells;
      if (done.count(link.key)) {
        ++out.stored;
        continue;
      }
      for (const auto& step : link.steps) {
        const auto s = static_cast<std::size_t>(step.stage);
        ++out.stages;
        all_seconds += past[s].seconds;
        if (!seen.insert(step.key).second) continue;
        if (keeps_artifact(study.stages[s]) && checkpoints.count(step.key)) continue;
        ++out.unique;
        ++out.unique_by_stage[s];
        shared_seconds += past[s].seconds;
        if (keeps_artifact(study.stages[s])) out.disk += past[s].bytes;
        double held = past[s].bytes;
        for (const int input : step.inputs)
          held += past[static_cast<std::size_t>(link.steps[static_cast<std::size_t>(input)].stage)]
                      .bytes;
        out.memory = std::max({out.memory, held, study.stages[s].memory});
      }
    }
    return true;
  });
  if (known) out.seconds = shared_seconds, out.seconds_unshared = all_seconds;
  return out;
}

}  // namespace assay::execute
