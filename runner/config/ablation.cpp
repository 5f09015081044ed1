#include "runner/config/ablation.h"

#include "runner/config/curve_place.h"
#include "runner/config/sections.h"
#include "runner/config/study.h"
#include "runner/design/axes.h"

namespace assay::config {

namespace {

// A parameter as a part of an ablation finds it: its declaration and what is written there.
struct Found {
  const ParamSpec* param = nullptr;
  Value value;
  std::string wrong;  // where the path leads nowhere
};

Found find_param(const Study& study, const std::string& path) {
  const std::size_t dot = path.find('.');
  const StageSpec* stage = study.stage(path.substr(0, dot));
  if (!stage)
    return {nullptr,
            {},
            "there is no stage \"" + path.substr(0, dot) + "\"" +
                suggestion(path.substr(0, dot), study.stage_names())};
  const ComponentSpec* spec = stage->component;
  Value value = stage->value;
  Found out;
  for (std::size_t from = dot; from < path.size();) {
    const std::size_t next = std::min(path.find('.', from + 1), path.size());
    const std::string name = path.substr(from + 1, next - from - 1);
    if (!spec) return {nullptr, {}, path.substr(0, from) + " is no component"};
    out.param = spec->param(name);
    if (!out.param)
      return {nullptr,
              {},
              spec->kind + " \"" + spec->name + "\" has no parameter \"" + name + "\"" +
                  suggestion(name, spec->param_names())};
    const Value* given = value.find(name);
    out.value = given ? *given : out.param->fallback;
    value = out.value;
    spec = out.param->type == ParamType::kComponent
               ? Registry::global().find(out.param->target, value.component_name())
               : nullptr;
    from = next;
  }
  if (!out.param) out.wrong = "it must name a parameter of the stage, as in \"" + path + ".…\"";
  return out;
}

// What a component declares to stand in its place; none where it declares nothing.
Value neutral_component(const ParamSpec& param, const Value& value) {
  const ComponentSpec* spec = Registry::global().find(param.target, value.component_name());
  if (!spec || spec->neutral.empty()) return {};
  if (spec->neutral[0] != '@') return Value(spec->neutral);
  const std::string inner = spec->neutral.substr(1);
  if (const Value* given = value.find(inner)) return *given;
  const ParamSpec* declared = spec->param(inner);
  return declared ? declared->fallback : Value();
}

Value neutral_of(const Found& found) {
  const ParamSpec& param = *found.param;
  if (!param.neutral.none()) return param.neutral;
  if (param.optional) return Value("none");
  if (param.type == ParamType::kBoolean) return Value(false);
  if (param.type == ParamType::kComponent && !param.list)
    return neutral_component(param, found.value);
  return {};
}

class Reader {
 public:
  Reader(const Study& study, Diagnostics& out) : study_(study), out_(out) {}

  std::optional<Ablation> read(const Value& table) {
    const std::size_t before = out_.count();
    if (!table.is_table()) {
      out_.error(table.where, "ablation is " + table.type_name() + "; expected a table");
      return std::nullopt;
    }
    Value own(Value::Table{});
    own.where = table.where;
    for (const Value::Entry& entry : table.table())
      if (entry.key != "part") own.table().push_back(entry);
    read_section(section_, ablation_params(), own, "ablation", out_);
    Ablation out;
    out.design = section_.design;
    out.values = section_.value;
    out.resolution = section_.resolution;
    for (const std::string& metric : out.values)
      if (std::string wrong; curve_place(metric, wrong) && !wrong.empty())
        out_.error(own.find("value")->where,
                   "ablation.value = " + toml_string(metric) + ": " + wrong);
    greedy(table, out);
    parts(table, out);
    if (out_.count() != before) return std::nullopt;
    points(table, out);
    if (out_.count() != before) return std::nullopt;
    return out;
  }

 private:
  // order = "greedy" or "greedy-most"; as a list, it names parts.
  void greedy(const Value& table, Ablation& out) {
    const Value* order = table.find("order");
    if (!order || !order->is_string()) return;
    if (order->string() == "greedy") out.greedy = Greedy::kLeast;
    if (order->string() == "greedy-most") out.greedy = Greedy::kMost;
    if (!out.greedy) return;
    section_.order.clear();
    const std::string what = "ablation.order = " + order->text();
    if (out.design != AblationDesign::kPath)
      out_.error(order->where, what + " is of design = \"path\"");
    if (out.values.size() != 1) {
      out_.error(order->where, what +
                                   " needs value = \"stage.metric\": the one metric by which it "
                                   "tells what a removal costs");
      return;
    }
    direction(*table.find("value"), out);
  }

  void direction(const Value& value, Ablation& out) {
    const std::string& metric = out.values[0];
    const std::string stage = metric.substr(0, metric.find('.'));
    if (metric.find('.') == std::string::npos || !study_.stage(stage))
      out_.error(value.where, "ablation.value = " + toml_string(metric) +
                                  " is not \"stage.metric\": there is no stage " +
                                  toml_string(stage) + suggestion(stage, study_.stage_names()));
    const auto declared = higher_is_better(metric);
    if (section_.best != AblationSection::Best::kDeclared)
      out.highest = section_.best == AblationSection::Best::kHighest;
    else if (declared)
      out.highest = *declared;
    else
      out_.error(value.where, "ablation.value = " + toml_string(metric) +
                                  " declares no direction, which a greedy path needs; say best = "
                                  "\"highest\" or \"lowest\"");
  }

  void parts(const Value& table, Ablation& out) {
    const Value* list = table.find("part");
    if (!list || !list->is_array() || list->array().empty()) {
      out_.error(list ? list->where : table.where,
                 "an ablation needs parts: [[ablation.part]] with path = \"stage.parameter\"");
      return;
    }
    for (const Value& item : list->array()) part(item, out);
  }

  void part(const Value& table, Ablation& out) {
    Value own(Value::Table{});
    own.where = table.where;
    for (const Value::Entry& entry : table.table())
      if (entry.key != "without") own.table().push_back(entry);
    PartSection section;
    read_section(section, part_params(), own, "ablation.part", out_);
    Ablation::Part& part = out.parts.emplace_back();
    part.where = table.where;
    const Value* without = table.find("without");
    if (!section.path.empty())
      one_path(part, section.path, own.find("path")->where, without);
    else if (without && without->is_table() && !without->find("use"))
      many_paths(part, *without);
    else
      out_.error(table.where,
                 "ablation.part needs a path, or without = { \"stage.parameter\" = value, … }");
    part.name = section.name;
    if (part.name.empty() && !section.path.empty())
      part.name = section.path.substr(section.path.rfind('.') + 1);
    if (part.name.empty() && section.path.empty())
      out_.error(table.where, "ablation.part with several paths needs a name");
    for (std::size_t i = 0; i + 1 < out.parts.size(); ++i)
      if (out.parts[i].name == part.name)
        out_.error(table.where, "two parts have the name " + toml_string(part.name));
  }

  void one_path(Ablation::Part& part, const std::string& path, const Position& where,
                const Value* without) {
    const Found found = find_param(study_, path);
    if (!found.wrong.empty() || !found.param) {
      out_.error(where, "ablation.part path \"" + path + "\" leads nowhere: " + found.wrong);
      return;
    }
    Value value = without ? *without : neutral_of(found);
    if (value.none()) {
      out_.error(where,
                 "\"" + path + "\" declares nothing that stands in its place; say without = …");
      return;
    }
    if (!without) value.where = where;
    add(part, path, value, found);
  }

  void many_paths(Ablation::Part& part, const Value& without) {
    for (const Value::Entry& entry : design::axes_in(without, "ablation.part.without", {}, out_)) {
      const Found found = find_param(study_, entry.key);
      if (!found.wrong.empty() || !found.param)
        out_.error(entry.where,
                   "ablation.part path \"" + entry.key + "\" leads nowhere: " + found.wrong);
      else
        add(part, entry.key, entry.value, found);
    }
  }

  void add(Ablation::Part& part, const std::string& path, const Value& value, const Found& found) {
    const bool same = design::setting(value) == design::setting(found.value) ||
                      (is_absent(value) && is_absent(found.value));
    if (same) {
      out_.error(value.where, "\"" + path + "\" is " + value.text() +
                                  " in the full system already: removing it changes nothing");
      return;
    }
    part.without.emplace_back(path, value);
  }

  void points(const Value& table, Ablation& out) {
    const int parts = static_cast<int>(out.parts.size());
    const Position& where = table.find("part")->where;
    const int most = out.design == AblationDesign::kFactorial ? design::kMostFactors
                     : out.greedy                             ? design::kMostGreedy
                                                              : design::kMostParts;
    if (parts > most) {
      out_.error(where, "this design takes at most " + std::to_string(most) + " parts; there are " +
                            std::to_string(parts));
      return;
    }
    switch (out.design) {
      case AblationDesign::kLeaveOneOut:
        out.points = design::leave_one_out(parts);
        break;
      case AblationDesign::kAddOneIn:
        out.points = design::add_one_in(parts);
        break;
      case AblationDesign::kPath:
        out.points = out.greedy ? design::any_path(parts) : design::removal_path(order(table, out));
        break;
      case AblationDesign::kFactorial:
        out.points = section_.resolution == 0
                         ? design::full_factorial(parts)
                         : design::fractional_factorial(parts, section_.resolution);
        break;
      case AblationDesign::kPairs:
        out.points = design::pairs(parts);
        break;
      case AblationDesign::kShapley:
        out.points = design::shapley(parts, section_.permutations,
                                     Stream(study_.seed, 0, "ablation", "orders"));
        break;
    }
  }

  // The order of a path: as given, or that of the parts.
  std::vector<int> order(const Value& table, const Ablation& ablation) {
    std::vector<std::string> names;
    for (const auto& part : ablation.parts) names.push_back(part.name);
    std::vector<int> out;
    for (std::size_t i = 0; i < section_.order.size(); ++i) {
      const auto found = std::find(names.begin(), names.end(), section_.order[i]);
      const Value& list = *table.find("order");
      const Position& where = list.is_array() ? list.array()[i].where : list.where;
      const int part = static_cast<int>(found - names.begin());
      if (found == names.end())
        out_.error(where, "ablation.order names no part: " + toml_string(section_.order[i]) +
                              allowed_names(section_.order[i], names));
      else if (std::find(out.begin(), out.end(), part) != out.end())
        out_.error(where, "ablation.order names " + toml_string(section_.order[i]) + " twice");
      else
        out.push_back(part);
    }
    for (int part = 0; part < static_cast<int>(names.size()); ++part)
      if (std::find(out.begin(), out.end(), part) == out.end()) out.push_back(part);
    return out;
  }

  const Study& study_;
  Diagnostics& out_;
  AblationSection section_;
};

}  // namespace

std::string system_name(const Ablation& ablation, design::Subset system) {
  std::vector<std::string> there, gone;
  for (std::size_t i = 0; i < ablation.parts.size(); ++i)
    (system >> i & 1 ? there : gone).push_back(ablation.parts[i].name);
  if (gone.empty()) return "full";
  if (there.empty()) return "bare";
  return gone.size() <= there.size() ? "without " + design::joined(gone)
                                     : "only " + design::joined(there);
}

std::optional<Ablation> read_ablation(const Study& study, Diagnostics& out) {
  const Value* table = study.root.find("ablation");
  if (!table) return std::nullopt;
  return Reader(study, out).read(*table);
}

design::Axis axis_of(const Ablation& ablation) {
  design::Axis axis;
  axis.name = "ablation";
  std::vector<std::size_t> first;  // of each part's paths
  for (const auto& part : ablation.parts) {
    first.push_back(axis.paths.size());
    for (const auto& [path, value] : part.without) {
      axis.paths.push_back(path);
      axis.where.push_back(value.where);
    }
  }
  for (const design::Subset system : ablation.points.subsets) {
    axis.labels.push_back(system_name(ablation, system));
    auto& values = axis.values.emplace_back(axis.paths.size());
    const std::string* note = design::keep_note("system \"" + axis.labels.back() + "\"");
    for (std::size_t i = 0; i < ablation.parts.size(); ++i) {
      if (system >> i & 1) continue;
      for (std::size_t p = 0; p < ablation.parts[i].without.size(); ++p) {
        Value& value = values[first[i] + p];
        value = ablation.parts[i].without[p].second;
        value.set_note(note);
      }
    }
  }
  return axis;
}

}  // namespace assay::config
