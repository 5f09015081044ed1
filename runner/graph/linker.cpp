#include "runner/graph/linker.h"

#include <unordered_set>

#include "runner/graph/slot.h"

namespace assay::graph {

namespace {

enum class Mark : std::uint8_t { kNew, kOpen, kDone };

}  // namespace

struct Linker::Impl {
  explicit Impl(const config::Study& s) : study(s) {
    std::vector<bool> taken(s.stages.size());
    for (std::size_t i = 0; i < s.stages.size(); ++i) {
      auto& slots = stages.emplace_back();
      const config::StageSpec& stage = s.stages[i];
      if (!stage.component) continue;
      for (const ParamSpec& param : stage.component->params) {
        slots.emplace_back(s, stage, param);
        if (param.type != ParamType::kInput) continue;
        for (const int input : slots.back().inputs_of(slots.back().base()))
          taken[static_cast<std::size_t>(input)] = true;
      }
    }
    for (std::size_t i = 0; i < taken.size(); ++i)
      if (!taken[i]) targets.push_back(static_cast<int>(i));
  }

  void check_paths(Diagnostics& out) const;
  void check_cycles(const std::vector<int>& choice, Diagnostics& out) const;
  bool visit_cycle(int stage, const std::vector<int>& choice, std::vector<int>& path,
                   std::vector<Mark>& marks, Diagnostics& out) const;
  int visit(int stage, const std::vector<int>& choice, std::uint64_t replicate, CellLink& out,
            std::vector<int>& at) const;

  const config::Study& study;
  std::vector<std::vector<Slot>> stages;  // by stage, in the order of its parameters
  std::vector<int> targets;
};

Linker::Linker(const config::Study& study) : impl_(std::make_unique<Impl>(study)) {}
Linker::~Linker() = default;

void Linker::Impl::check_paths(Diagnostics& out) const {
  for (const design::Axis& axis : study.design.axes()) {
    for (std::size_t i = 0; i < axis.paths.size(); ++i) {
      const std::string& path = axis.paths[i];
      const std::size_t dot = path.find('.');
      const std::string name = path.substr(0, dot);
      const config::StageSpec* stage = study.stage(name);
      if (!stage) {
        out.error(axis.where[i], "axis \"" + path + "\" leads nowhere: there is no stage \"" +
                                     name + "\"" + suggestion(name, study.stage_names()));
        continue;
      }
      if (dot == std::string::npos || path.substr(dot + 1) == "use") {
        out.error(axis.where[i], "axis \"" + path +
                                     "\" must name a parameter of the stage, as in \"" + name +
                                     ".parameter\"");
        continue;
      }
      if (!stage->component) continue;
      const std::string rest = path.substr(dot + 1);
      const std::string param = rest.substr(0, rest.find('.'));
      if (!stage->component->param(param))
        out.error(axis.where[i], "axis \"" + path + "\" leads nowhere: stage " +
                                     stage->component->name + " has no parameter \"" + param +
                                     "\"" + suggestion(param, stage->component->param_names()));
    }
  }
}

void Linker::check(Diagnostics& out) {
  const std::size_t before = out.count();
  impl_->check_paths(out);
  if (out.count() != before) {
    // The paths are wrong; the stages as written can still be checked.
    const std::vector<int> none(impl_->study.design.axes().size(), -1);
    for (auto& slots : impl_->stages)
      for (Slot& slot : slots) slot.prepare(none, out);
    impl_->check_cycles(none, out);
    return;
  }
  std::unordered_set<std::uint64_t> wirings;
  std::vector<std::unordered_set<std::uint64_t>> wholes(impl_->stages.size());
  impl_->study.design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
    std::uint64_t wiring = 0;
    for (std::size_t i = 0; i < impl_->stages.size(); ++i) {
      const config::StageSpec& stage = impl_->study.stages[i];
      std::uint64_t whole = 0;
      const std::size_t errors = out.reports();
      for (Slot& slot : impl_->stages[i]) {
        const std::uint64_t index = slot.prepare(choice, out);
        whole = whole * 1'000'003 + index;
        if (slot.is_input()) wiring = wiring * 1'000'003 + index;
      }
      if (!stage.component || !stage.component->has_check || out.reports() != errors) continue;
      if (!wholes[i].insert(whole).second || !out.ok()) continue;
      const std::string wrong = build(static_cast<int>(i), choice)->check();
      if (!wrong.empty()) out.error(stage.value.where, stage.name + "." + wrong);
    }
    if (wirings.insert(wiring).second) impl_->check_cycles(choice, out);
    return out.count() < 200;  // more would bury the reader
  });
}

bool Linker::Impl::visit_cycle(int stage, const std::vector<int>& choice, std::vector<int>& path,
                               std::vector<Mark>& marks, Diagnostics& out) const {
  const auto s = static_cast<std::size_t>(stage);
  if (marks[s] == Mark::kDone) return false;
  if (marks[s] == Mark::kOpen) {
    std::string chain;
    const auto first = std::find(path.begin(), path.end(), stage);
    for (auto it = first; it != path.end(); ++it)
      chain += study.stages[static_cast<std::size_t>(*it)].name + " -> ";
    out.error(study.stages[s].where,
              "stages take each other in a circle: " + chain + study.stages[s].name);
    return true;
  }
  marks[s] = Mark::kOpen;
  path.push_back(stage);
  for (const Slot& slot : stages[s]) {
    if (!slot.is_input()) continue;
    for (const int input : slot.inputs_of(slot.value(choice)))
      if (visit_cycle(input, choice, path, marks, out)) return true;
  }
  path.pop_back();
  marks[s] = Mark::kDone;
  return false;
}

void Linker::Impl::check_cycles(const std::vector<int>& choice, Diagnostics& out) const {
  std::vector<Mark> marks(stages.size(), Mark::kNew);
  for (std::size_t i = 0; i < stages.size(); ++i) {
    std::vector<int> path;
    if (visit_cycle(static_cast<int>(i), choice, path, marks, out)) return;
  }
}

int Linker::Impl::visit(int stage, const std::vector<int>& choice, std::uint64_t replicate,
                        CellLink& out, std::vector<int>& at) const {
  const auto s = static_cast<std::size_t>(stage);
  if (at[s] >= 0) return at[s];
  const ComponentSpec& component = *study.stages[s].component;
  KeyBuilder key;
  key.add(component.name).add(static_cast<std::uint64_t>(component.version));
  bool draws = component.draws;
  std::vector<int> inputs;
  for (const Slot& slot : stages[s]) {
    const Digest& digest = slot.digest(choice);
    draws = draws || digest.draws;
    if (digest.in_key) key.add(slot.name()).add(digest.hash);
    for (const int input : digest.inputs) {
      inputs.push_back(visit(input, choice, replicate, out, at));
      key.add(out.steps[static_cast<std::size_t>(inputs.back())].key);
    }
  }
  if (draws) key.add(study.seed).add(replicate).add(study.stages[s].name);
  at[s] = static_cast<int>(out.steps.size());
  out.steps.push_back({stage, key.key(), std::move(inputs)});
  return at[s];
}

void Linker::link(const std::vector<int>& choice, std::uint64_t replicate, CellLink& out) const {
  out.steps.clear();
  thread_local std::vector<int> at;
  at.assign(impl_->stages.size(), -1);
  for (const int target : impl_->targets) impl_->visit(target, choice, replicate, out, at);
  KeyBuilder key;
  for (const CellLink::Step& step : out.steps)
    key.add(impl_->study.stages[static_cast<std::size_t>(step.stage)].name).add(step.key);
  out.key = key.add(replicate).key();
}

Value Linker::configure(int stage, const std::vector<int>& choice) const {
  const auto s = static_cast<std::size_t>(stage);
  Value out;
  out.set("use", Value(impl_->study.stages[s].component->name));
  out.where = impl_->study.stages[s].value.where;
  for (const Slot& slot : impl_->stages[s]) {
    Value value = slot.value(choice);
    if (!value.none()) out.set(slot.name(), std::move(value));
  }
  return out;
}

std::shared_ptr<const Stage> Linker::build(int stage, const std::vector<int>& choice) const {
  return Registry::global().build<Stage>(configure(stage, choice));
}

std::string Linker::describe(const std::vector<int>& choice, std::uint64_t replicate) const {
  std::string out;
  const auto& axes = impl_->study.design.axes();
  for (std::size_t a = 0; a < axes.size(); ++a) {
    if (choice[a] < 0) continue;
    const auto& values = axes[a].values[static_cast<std::size_t>(choice[a])];
    for (std::size_t i = 0; i < values.size(); ++i)
      if (!values[i].none()) out += toml_string(axes[a].paths[i]) + " = " + values[i].text() + ", ";
  }
  return out + "replicate = " + std::to_string(replicate);
}

}  // namespace assay::graph
