#include "runner/execute/recorder.h"

#include <spdlog/spdlog.h>

#include <chrono>

#include "runner/store/midway.h"

namespace assay::execute {

namespace {

// Of a stage that is shorter than this, the first few runs stand for a million more.
constexpr double kAlwaysTimed = 1e-2;
constexpr int kTimedRuns = 64;

double unix_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Outcome Recorder::restore(const Node& node) const {
  const auto stored = store_.load_artifact(node.key);
  if (!stored && store_.has_artifact(node.key))
    throw std::runtime_error("its checkpoint is damaged and cannot be set aside");
  if (!stored) throw CheckpointGone();
  Outcome out;
  out.artifact = load_artifact(stored->type, stored->archive);
  out.metrics = stored->metrics;
  out.curves = stored->curves;
  out.seconds = stored->seconds;
  out.upstream = stored->upstream;
  out.done = true;
  return out;
}

bool Recorder::is_kept(const Node& node) const {
  return keeps_artifact(study_.stages[static_cast<std::size_t>(node.stage)]) &&
         store_.has_artifact(node.key);
}

void Recorder::keep(const Node& node, const Outcome& outcome) {
  const config::StageSpec& stage = study_.stages[static_cast<std::size_t>(node.stage)];
  const auto bytes = outcome.artifact ? static_cast<double>(outcome.artifact->bytes()) : 0.0;
  const int before = timed_[static_cast<std::size_t>(node.stage)].fetch_add(1);
  if (outcome.seconds > kAlwaysTimed || before < kTimedRuns)
    store_.add(store::StageTiming{stage.name, stage.component->name, outcome.seconds, bytes});
  if (keeps_artifact(stage) && outcome.artifact) save_artifact(node, outcome);
  if (stage.component->checkpoint) store::drop_midway(store_.folder(), node.key);
}

void Recorder::save_artifact(const Node& node, const Outcome& outcome) const {
  const std::string& name = study_.stages[static_cast<std::size_t>(node.stage)].name;
  store::StoredArtifact stored;
  stored.type = outcome.artifact->type();
  outcome.artifact->save(stored.archive);
  stored.metrics = outcome.metrics;
  stored.curves = outcome.curves;
  stored.seconds = outcome.seconds;
  stored.upstream = upstream_of(node);
  try {
    store_.save_artifact(node.key, stored);
  } catch (const std::exception& error) {
    // Cells are right without it; that is said once, the rest is in the log.
    if (not_kept_.exchange(true))
      spdlog::warn("the checkpoint of {} is not kept: {}", name, error.what());
    else
      spdlog::error(
          "the checkpoint of {} is not kept: {}. Cells are right without it, but a later run would "
          "compute it again; of further ones the log alone tells",
          name, error.what());
  }
}

// Everything behind a node, each stage once.
std::vector<Recorder::Upstream> Recorder::upstream_of(const Node& of) const {
  std::vector<Upstream> out;
  const auto add = [&](const Upstream& one) {
    const bool known = std::any_of(out.begin(), out.end(),
                                   [&](const auto& other) { return other.key == one.key; });
    if (!known) out.push_back(one);
  };
  for (const int in : of.inputs) {
    const Outcome& from = outcome(in);
    add({node(in).key, from.metrics, from.curves, from.seconds});
    for (const auto& one : node(in).from_checkpoint ? from.upstream : upstream_of(node(in)))
      add(one);
  }
  return out;
}

void Recorder::record(int index, const Outcome* failure) const {
  const Cell& cell = work_.cells[static_cast<std::size_t>(index)];
  std::vector<int> choice;
  study_.design.decode(cell.variant, choice);
  store::CellRecord out;
  out.key = cell.key;
  out.replicate = cell.replicate;
  out.config = linker_.describe(choice, cell.replicate);
  out.finished = unix_time();
  add_measured(cell, choice, failure, out);
  if (failure) {
    out.status = store::Status::kFailed;
    out.failed_stage = failure->failed_stage;
    out.message = failure->message;
    spdlog::warn("cell failed in stage {}: {} ({})", out.failed_stage, out.message, out.config);
  }
  store_.add(std::move(out));
}

std::vector<bool> Recorder::told(const graph::CellLink& link, const Outcome* failure) const {
  if (!failure) return std::vector<bool>(link.steps.size(), true);
  std::vector<bool> out(link.steps.size());
  // Inputs come before those that take them.
  for (std::size_t i = link.steps.size(); i-- > 0;) {
    const auto& step = link.steps[i];
    const std::string& name = study_.stages[static_cast<std::size_t>(step.stage)].name;
    if (!out[i] && name != failure->failed_stage) continue;
    for (const int input : step.inputs) out[static_cast<std::size_t>(input)] = true;
  }
  return out;
}

// What each stage of the cell measured, in the order of the link; a stage that a checkpoint made
// needless is told by that checkpoint.
void Recorder::add_measured(const Cell& cell, const std::vector<int>& choice,
                            const Outcome* failure, store::CellRecord& out) const {
  graph::CellLink link;
  linker_.link(choice, cell.replicate, link);
  const auto add = [&](int stage, const auto& from) {
    const std::string prefix = study_.stages[static_cast<std::size_t>(stage)].name + ".";
    out.seconds += from.seconds;
    for (const Measured& m : from.metrics) out.metrics.push_back({prefix + m.name, m.value});
    for (const Curve& c : from.curves) out.curves.push_back({prefix + c.name, c.step, c.value});
  };
  const std::vector<bool> tells = told(link, failure);
  for (std::size_t i = 0; i < cell.nodes.size(); ++i) {
    if (!tells[i]) continue;
    const graph::CellLink::Step& step = link.steps[i];
    if (cell.nodes[i] >= 0) {
      add(step.stage, outcome(cell.nodes[i]));
    } else if (const auto* told = told_by_checkpoint(cell, step.key)) {
      add(step.stage, *told);
    }
  }
}

const Recorder::Upstream* Recorder::told_by_checkpoint(const Cell& cell, const Key& key) const {
  for (const int i : cell.nodes) {
    if (i < 0) continue;
    for (const auto& one : outcome(i).upstream)
      if (one.key == key) return &one;
  }
  return nullptr;
}

}  // namespace assay::execute
