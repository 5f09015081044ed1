#include "runner/config/study.h"

#include <filesystem>

#include "runner/config/amounts.h"
#include "runner/config/parse.h"
#include "runner/config/plugin.h"
#include "runner/config/sections.h"
#include "runner/graph/linker.h"

namespace assay::config {

const StageSpec* Study::stage(std::string_view wanted) const {
  for (const StageSpec& stage : stages)
    if (stage.name == wanted) return &stage;
  return nullptr;
}

std::vector<std::string> Study::stage_names() const {
  std::vector<std::string> out;
  for (const StageSpec& stage : stages) out.push_back(stage.name);
  return out;
}

namespace {

const std::vector<std::string> kTopTables = {"study", "stage",    "sweep",   "table",
                                             "claim", "ablation", "profile", "extends"};

constexpr std::size_t kMostStages = 10'000;  // a chain of stages is followed by recursion

bool plain_name(const std::string& name) {
  return !name.empty() && name[0] != '.' && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' || c == '.';
  });
}

// With what is added to it, a name of a file on any file system.
constexpr std::size_t kLongestName = 100;

std::string too_long(const std::string& name) {
  return " has " + std::to_string(name.size()) + " bytes; allowed: at most " +
         std::to_string(kLongestName);
}

class Reader {
 public:
  Reader(Study& study, Diagnostics& out) : study_(study), out_(out) {}

  void read() {
    for (const Value::Entry& entry : study_.root.table())
      if (std::find(kTopTables.begin(), kTopTables.end(), entry.key) == kTopTables.end())
        out_.error(entry.where,
                   "unknown table [" + entry.key + "]" + suggestion(entry.key, kTopTables) +
                       "; allowed: study, stage, sweep, table, claim, ablation, profile");
    settings();
    stages();
    read_table(study_, out_);
    study_.ablation = read_ablation(study_, out_);
    std::optional<design::Axis> systems;
    if (study_.ablation) systems = axis_of(*study_.ablation);
    study_.design = design::Design::parse(study_.root.find("sweep"), study_.seed, out_, systems);
    graph::Linker(study_).check(out_);
    read_table_axes(study_, out_);
    if (out_.ok()) study_.claims = read_claims(study_, out_);
    something_to_decide();
  }

 private:
  void settings() {
    const Value* value = study_.root.find("study");
    if (!value) {
      out_.error(study_.root.where, "a study needs a [study] table with a name");
      return;
    }
    StudySection section;
    read_section(section, study_params(), *value, "study", out_);
    study_.name = section.name, study_.title = section.title, study_.notes = section.notes;
    study_.seeds = static_cast<std::uint64_t>(section.seeds);
    seeds_until_decided(*value, section);
    study_.seed = static_cast<std::uint64_t>(section.seed);
    study_.isolation = section.isolation == 1 ? Isolation::kProcess : Isolation::kThread;
    study_.checkpoint_seconds = section.checkpoint_seconds;
    limits(*value, "study", study_.limits);
    study_.plugins = section.plugins;
    const Value* name = value->find("name");
    if (name && name->is_string() && !plain_name(name->string()))
      out_.error(name->where, "study.name = " + name->text() +
                                  " names a folder; allowed: letters, digits, '-', '_' and '.'");
    if (name && study_.name.size() > kLongestName)
      out_.error(name->where, "study.name" + too_long(study_.name));
    const Value* plugins = value->find("plugins");
    for (std::size_t i = 0; i < study_.plugins.size(); ++i) {
      const Position& where = plugins->is_array() ? plugins->array()[i].where : plugins->where;
      const auto folder = std::filesystem::path(study_.file).parent_path();
      const std::string wrong = load_plugin(study_.plugins[i], folder.string());
      if (!wrong.empty()) out_.error(where, wrong);
    }
  }

  void seeds_until_decided(const Value& value, const StudySection& section) {
    if (section.least_seeds == 0 || section.most_seeds == 0) return;
    study_.seeds = static_cast<std::uint64_t>(section.most_seeds);
    study_.least_seeds = static_cast<std::uint64_t>(section.least_seeds);
    if (section.most_seeds < section.least_seeds)
      out_.error(value.find("seeds")->find("max")->where,
                 "study.seeds.max = " + std::to_string(section.most_seeds) +
                     " is less than study.seeds.min = " + std::to_string(section.least_seeds));
  }

  // A profile may have left out every claim; then the least seeds are all.
  void something_to_decide() {
    const Value* claims = study_.root.find("claim");
    const bool none = !claims || (claims->is_array() && claims->array().empty());
    if (!study_.least_seeds || !none || (claims && study_.narrowed)) return;
    out_.error(study_.root.find("study")->find("seeds")->where,
               "study.seeds adds seeds until the claims are decided, and the study claims nothing; "
               "add a [[claim]], or say seeds = " +
                   std::to_string(*study_.least_seeds));
  }

  // The amount that the text at a path means; 0 where there is none or a wrong one.
  double amount(const Value* given, const std::string& path, bool duration) {
    if (!given || !given->is_string()) return 0.0;
    const auto found = duration ? parse_duration(given->string()) : parse_memory(given->string());
    if (!found)
      out_.error(given->where,
                 path + " = " + given->text() + " is not " +
                     (duration ? "a duration; allowed: a number and " + std::string(kDurationUnits)
                               : "an amount; allowed: a number and " + std::string(kMemoryUnits)));
    return found.value_or(0.0);
  }

  // Replaces the limits that a section sets.
  void limits(const Value& section, const std::string& path, Limits& to) {
    const Value* table = section.find("limits");
    if (!table || !table->is_table()) return;
    const auto set = [&](const char* key, bool duration, Limit& limit) {
      const std::string at = path + ".limits." + key;
      if (const Value* given = table->find(key); given && given->is_string())
        limit = {amount(given, at, duration), at + " = " + given->string()};
    };
    set("time", true, to.time);
    set("memory", false, to.memory);
    if (study_.isolation == Isolation::kThread)
      out_.error(table->where, path +
                                   ".limits needs worker processes, which can be ended; set "
                                   "isolation = \"process\" in [study]");
  }

  void stages() {
    const Value* tables = study_.root.find("stage");
    if (!tables || !tables->is_table() || tables->table().empty()) {
      out_.error(tables ? tables->where : study_.root.where,
                 "a study needs at least one stage: [stage.NAME] with use = \"…\"");
      return;
    }
    if (tables->table().size() > kMostStages)
      out_.error(tables->where, "a study has at most 10000 stages");
    else
      for (const Value::Entry& entry : tables->table()) stage(entry);
  }

  void stage(const Value::Entry& entry) {
    StageSpec spec;
    spec.name = entry.key;
    spec.where = entry.where;
    if (!entry.value.is_table()) {
      out_.error(entry.value.where, "stage." + entry.key + " is " + entry.value.type_name() +
                                        "; expected a table with use = \"…\"");
      return;
    }
    if (!plain_name(entry.key) || entry.key.find('.') != std::string::npos)
      out_.error(entry.where, "stage name " + toml_string(entry.key) +
                                  " is not plain; allowed: letters, digits, '-' and '_'");
    if (entry.key.size() > kLongestName)
      out_.error(entry.where, "the name of a stage" + too_long(entry.key));
    Value own(Value::Table{}), generic(Value::Table{});
    own.where = generic.where = entry.value.where;
    const auto& shared = stage_params();
    for (const Value::Entry& item : entry.value.table()) {
      const bool is_generic = std::any_of(
          shared.begin(), shared.end(), [&](const ParamSpec& p) { return key_of(p) == item.key; });
      (is_generic ? generic : own).table().push_back(item);
    }
    StageSection section;
    read_section(section, shared, generic, entry.key, out_);
    spec.cores = section.cores;
    spec.checkpoint = section.checkpoint;
    spec.checkpoint_seconds = section.checkpoint_seconds.value_or(study_.checkpoint_seconds);
    spec.memory = amount(generic.find("memory"), entry.key + ".memory", false);
    spec.limits = study_.limits;
    limits(generic, entry.key, spec.limits);
    spec.value = std::move(own);
    spec.component = component(spec);
    study_.stages.push_back(std::move(spec));
  }

  // The stage's component, and keys that it does not take. Values are checked by the linker, with
  // the axes applied.
  const ComponentSpec* component(const StageSpec& spec) {
    Value bare(Value::Table{});
    bare.where = spec.value.where;
    if (const Value* use = spec.value.find("use")) bare.set("use", *use);
    Diagnostics required;  // reported by the linker, which knows the axes
    Registry::global().validate("stage", bare, spec.name, {}, required);
    const Value* use = spec.value.find("use");
    const ComponentSpec* found =
        use && use->is_string() ? Registry::global().find("stage", use->string()) : nullptr;
    if (!found) {
      for (const Diagnostic& item : required.sorted()) out_.error(item.where, item.text);
      return nullptr;
    }
    for (const Value::Entry& entry : spec.value.table()) {
      if (entry.key == "use" || found->param(entry.key)) continue;
      std::vector<std::string> names = found->param_names();
      for (const std::string& key : keys_of(stage_params())) names.push_back(key);
      std::string allowed;
      for (const auto& name : names) allowed += (allowed.empty() ? "" : ", ") + name;
      const std::string near = suggestion(entry.key, names);
      out_.error(entry.where, "unknown key " + spec.name + "." + entry.key +
                                  (near.empty() ? ";" : near) + " stage \"" + found->name +
                                  "\" takes: " + allowed);
    }
    return found;
  }

  Study& study_;
  Diagnostics& out_;
};

}  // namespace

std::shared_ptr<const Study> load_study(const std::string& file, const Overrides& overrides,
                                        Diagnostics& out) {
  auto study = std::make_shared<Study>();
  study->file = file;
  study->narrowed = !overrides.profile.empty() || !overrides.set.empty();
  study->root = load_tree(file, overrides, out);
  if (!out.ok()) return nullptr;
  Reader(*study, out).read();
  if (!out.ok()) return nullptr;
  return study;
}

}  // namespace assay::config
