#include "runner/graph/slot.h"

namespace assay::graph {

Slot::Slot(const config::Study& study, const config::StageSpec& stage, const ParamSpec& param)
    : study_(&study),
      stage_(&stage),
      param_(&param) {
  if (const Value* written = stage.value.find(param.name)) base_ = *written;
  const std::string prefix = stage.name + "." + param.name;
  const auto& axes = study.design.axes();
  for (std::size_t a = 0; a < axes.size(); ++a) {
    for (std::size_t p = 0; p < axes[a].paths.size(); ++p) {
      const std::string& path = axes[a].paths[p];
      if (path != prefix && path.compare(0, prefix.size() + 1, prefix + ".") != 0) continue;
      Touch touch{static_cast<int>(a), p, {}, axes[a].where[p]};
      std::size_t from = prefix.size();
      while (from < path.size()) {
        const std::size_t next = std::min(path.find('.', from + 1), path.size());
        touch.sub.push_back(path.substr(from + 1, next - from - 1));
        from = next;
      }
      touches_.push_back(std::move(touch));
      if (axes_.empty() || axes_.back() != static_cast<int>(a))
        axes_.push_back(static_cast<int>(a));
    }
  }
  std::stable_sort(touches_.begin(), touches_.end(),
                   [](const Touch& a, const Touch& b) { return a.sub.size() < b.sub.size(); });
}

namespace {

// Sets a key inside a component value; a bare name, or a default, grows into a table first.
void set_inside(Value& value, const ParamSpec* param, const std::vector<std::string>& keys,
                std::size_t at, const Value& given, const Position& where) {
  if (at == keys.size()) {
    value = given;
    return;
  }
  if (value.none() && param && !param->list) value = param->fallback;
  if (!value.is_table()) {
    Value table(Value::Table{});
    if (value.is_string()) table.set("use", value);
    table.where = value.where.known() ? value.where : where;
    value = std::move(table);
  }
  const ParamSpec* inner = nullptr;
  if (param && param->type == ParamType::kComponent)
    if (const ComponentSpec* spec = Registry::global().find(param->target, value.component_name()))
      inner = spec->param(keys[at]);
  Value* child = value.find(keys[at]);
  if (!child) child = &value.set(keys[at], Value(), where);
  set_inside(*child, inner, keys, at + 1, given, where);
}

}  // namespace

Value Slot::value(const std::vector<int>& choice) const {
  Value out = base_;
  for (const Touch& touch : touches_) {
    const int chosen = choice[static_cast<std::size_t>(touch.axis)];
    if (chosen < 0) continue;
    const design::Axis& axis = study_->design.axes()[static_cast<std::size_t>(touch.axis)];
    const Value& given = axis.values[static_cast<std::size_t>(chosen)][touch.path];
    if (given.none()) continue;
    set_inside(out, param_, touch.sub, 0, given, touch.where);
  }
  return out;
}

std::uint64_t Slot::index(const std::vector<int>& choice) const {
  std::uint64_t out = 0;
  for (const int axis : axes_) {
    const auto a = static_cast<std::size_t>(axis);
    out = out * (study_->design.axes()[a].values.size() + 1) +
          static_cast<std::uint64_t>(choice[a] + 1);
  }
  return out;
}

std::string Slot::check_input(const std::string& stage, const std::string& type) const {
  const config::StageSpec* named = study_->stage(stage);
  if (!named)
    return "there is no stage \"" + stage + "\"" + suggestion(stage, study_->stage_names());
  if (!named->component || type == "any" || named->component->gives == type) return {};
  return "stage \"" + stage + "\" (" + named->component->name + ") gives a " +
         named->component->gives + "; expected a stage that gives a " + type;
}

std::vector<int> Slot::inputs_of(const Value& value) const {
  std::vector<int> out;
  if (!is_input() || is_absent(value)) return out;
  const auto add = [&](const Value& item) {
    for (std::size_t i = 0; item.is_string() && i < study_->stages.size(); ++i)
      if (study_->stages[i].name == item.string()) out.push_back(static_cast<int>(i));
  };
  if (value.is_array()) {
    for (const Value& item : value.array()) add(item);
  } else {
    add(value);
  }
  return out;
}

std::uint64_t Slot::prepare(const std::vector<int>& choice, Diagnostics& out) {
  const std::uint64_t combination = touches_.empty() ? 0 : index(choice);
  if (touches_.empty() ? prepared_ : digests_.count(combination) > 0) return combination;
  prepared_ = true;
  Digest& digest = touches_.empty() ? fixed_ : digests_[combination];
  const Value chosen = value(choice);
  const std::size_t before = out.reports();
  if (chosen.none() && param_->required) {
    out.error(stage_->value.where, stage_->name + ": stage \"" + stage_->component->name +
                                       "\" needs " + param_->name + " (" + param_->allowed() + ")");
  } else if (!chosen.none()) {
    Registry::global().validate_param(
        *param_, chosen, stage_->name + "." + param_->name,
        [this](const std::string& stage, const std::string& type) {
          return check_input(stage, type);
        },
        out);
  }
  if (out.reports() != before) return combination;
  digest.inputs = inputs_of(chosen);
  const Value& effective = chosen.none() ? param_->fallback : chosen;
  const Canonical canonical = Registry::global().canonical_param(*param_, effective);
  digest.draws = canonical.draws;
  digest.in_key = param_->in_key;
  if (param_->since > 1 &&
      canonical.text == Registry::global().canonical_param(*param_, param_->fallback).text)
    digest.in_key = false;
  // An input counts by the key of the stage that it names, not by the name.
  digest.hash = is_input() ? Key{} : hash(canonical.text);
  return combination;
}

}  // namespace assay::graph
