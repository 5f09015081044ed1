#include "runner/config/sections.h"

namespace assay::config {

namespace {

template <class Section>
void add_limits(Params<Section>& p) {
  p.add("limits.time", &LimitedSection::time_limit)
      .doc("Longest that a stage may run, as in \"10min\"; needs isolation = \"process\".");
  p.add("limits.memory", &LimitedSection::memory_limit)
      .doc("Most that a stage's process may hold, as in \"2GiB\"; needs isolation = \"process\".");
}

}  // namespace

const std::vector<ParamSpec>& study_params() {
  static const std::vector<ParamSpec> params = [] {
    std::vector<ParamSpec> out;
    Params<StudySection> p(out);
    p.add("name", &StudySection::name)
        .required()
        .doc("Names the folder of the results: letters, digits, '-', '_' and '.'.");
    p.add("title", &StudySection::title).doc("The question, as the table's heading.");
    p.add("notes", &StudySection::notes).doc("Free text kept with the results.");
    p.add("reproduces", &StudySection::reproduces)
        .doc("Id of the system that the study reproduces.");
    p.add("seeds", &StudySection::seeds)
        .range(1, 1e6)
        .unit("replicates")
        .doc("Seeds of each variant.");
    p.add("seeds.min", &StudySection::least_seeds)
        .required()
        .range(2, 1e6)
        .unit("replicates")
        .doc("Where seeds are added until claims are decided: those that every variant gets.");
    p.add("seeds.max", &StudySection::most_seeds)
        .required()
        .range(2, 1e6)
        .unit("replicates")
        .doc("The most that a variant gets.");
    p.add("seeds.until", &StudySection::until, {"decided"})
        .required()
        .doc("What ends it: every claim of the study is decided.");
    p.add("seed", &StudySection::seed)
        .range(0, 9e15)
        .doc("Enters every random number of the study.");
    p.add("isolation", &StudySection::isolation)
        .doc("thread: stages share one process; process: a crash costs its cell alone.");
    out.back().type = ParamType::kChoice;
    out.back().choices = {"thread", "process"};
    out.back().fallback = Value("thread");
    out.back().assign = [](Component& section, const Value& value, const ParamSpec::Built&) {
      static_cast<StudySection&>(section).isolation = value.string() == "process" ? 1 : 0;
    };
    p.add("checkpoint_seconds", &StudySection::checkpoint_seconds)
        .at_least(0)
        .unit("seconds")
        .doc("How often a long training saves its state, to go on from after a kill.");
    add_limits(p);
    p.add("plugins", &StudySection::plugins)
        .doc("Shared libraries with components; relative to the study file.");
    return out;
  }();
  return params;
}

const std::vector<ParamSpec>& table_params() {
  static const std::vector<ParamSpec> params = [] {
    std::vector<ParamSpec> out;
    Params<TableSection> p(out);
    p.add("title", &TableSection::title).doc("Heading; the study's title where absent.");
    p.add("rows", &TableSection::rows).doc("Axes whose values become rows.");
    p.add("columns", &TableSection::columns).doc("Axes whose values become columns.");
    p.add("value", &TableSection::value).doc("What to show: \"stage.metric\", one or several.");
    p.add("best", &TableSection::best)
        .doc(
            "Which is marked, one for all values or one for each: \"highest\", \"lowest\", "
            "\"none\" "
            "or \"declared\", as the metric says.");
    p.add("within", &TableSection::within)
        .doc(
            "Axes: the best is looked for among entries that agree in them; where absent, in each "
            "column.");
    p.add("spread", &TableSection::spread, {"sd", "interval", "bca", "none"})
        .doc(
            "Beside the mean: standard deviation, half of Student's 95% interval, the BCa "
            "bootstrap's 95% interval, or nothing.");
    p.add("caption", &TableSection::caption)
        .doc("Of LaTeX, which is then a floating table; plain text.");
    p.add("label", &TableSection::label).doc("Of LaTeX, which is then a floating table.");
    p.add("paper", &TableSection::paper)
        .doc("What the paper says, shown below; or its numbers: [[table.paper]].");
    return out;
  }();
  return params;
}

const std::vector<ParamSpec>& paper_params() {
  static const std::vector<ParamSpec> params = [] {
    std::vector<ParamSpec> out;
    Params<PaperSection> p(out);
    p.add("source", &PaperSection::source).doc("Where the numbers stand: paper and table.");
    p.add("note", &PaperSection::note)
        .required()
        .doc("How the work that they are of differs from the study's.");
    return out;
  }();
  return params;
}

const std::vector<ParamSpec>& stage_params() {
  static const std::vector<ParamSpec> params = [] {
    std::vector<ParamSpec> out;
    Params<StageSection> p(out);
    p.add("cores", &StageSection::cores)
        .range(1, 1024)
        .unit("cores")
        .doc("Cores that the stage uses.");
    p.add("memory", &StageSection::memory)
        .doc("Memory that it needs, as in \"500 MB\": the budget holds stages back.");
    p.add("checkpoint", &StageSection::checkpoint)
        .doc("Keep its artifact on disk, so that a later study need not run it again.");
    p.add("checkpoint_seconds", &StageSection::checkpoint_seconds)
        .at_least(0)
        .unit("seconds")
        .doc("In place of the study's, for this stage.");
    add_limits(p);
    return out;
  }();
  return params;
}

std::string key_of(const ParamSpec& param) {
  return param.name.substr(0, param.name.find('.'));
}

std::vector<std::string> keys_of(const std::vector<ParamSpec>& params) {
  std::vector<std::string> out;
  for (const ParamSpec& param : params)
    if (out.empty() || out.back() != key_of(param)) out.push_back(key_of(param));
  return out;
}

namespace {

// The parameters of a table inside a section, named as they are there.
std::vector<ParamSpec> inside(const std::vector<ParamSpec>& params, const std::string& key) {
  std::vector<ParamSpec> out;
  for (const ParamSpec& param : params)
    if (param.name.starts_with(key + "."))
      out.emplace_back(param).name = param.name.substr(key.size() + 1);
  return out;
}

}  // namespace

const std::vector<ParamSpec>& ablation_params() {
  static const std::vector<ParamSpec> params = [] {
    std::vector<ParamSpec> out;
    Params<AblationSection> p(out);
    p.add("design", &AblationSection::design,
          {"leave-one-out", "add-one-in", "path", "factorial", "pairs", "shapley"})
        .doc(
            "Which systems are run: full ones without a part, bare ones with one, parts removed "
            "one "
            "after the other, all combinations, all pairs removed, orders of removal.");
    p.add("value", &AblationSection::value)
        .doc("\"stage.metric\" that effects are told of, one or several; all where absent.");
    p.add("order", &AblationSection::order)
        .doc(
            "Of a path: names of parts in the order of removal, the rest follows; or \"greedy\": "
            "at "
            "each step the part whose removal costs least (\"greedy-most\": most) by `value`.");
    p.add("best", &AblationSection::best, {"declared", "highest", "lowest"})
        .doc("Of a greedy path: which values are better; where absent, what the metric declares.");
    p.add("resolution", &AblationSection::resolution)
        .range(0, 5)
        .doc(
            "Of a factorial: 0 all systems, 4 a fraction that keeps main effects apart from pairs, "
            "5 "
            "one that keeps pairs apart, too.");
    p.add("permutations", &AblationSection::permutations)
        .range(2, 100000)
        .doc(
            "Of Shapley values of more than 8 parts: orders that are drawn, each with its "
            "reverse.");
    return out;
  }();
  return params;
}

const std::vector<ParamSpec>& part_params() {
  static const std::vector<ParamSpec> params = [] {
    std::vector<ParamSpec> out;
    Params<PartSection> p(out);
    p.add("name", &PartSection::name).doc("The path's last word where absent.");
    p.add("path", &PartSection::path).doc("The parameter that is replaced when it is removed.");
    return out;
  }();
  return params;
}

const std::vector<ParamSpec>& claim_params() {
  static const std::vector<ParamSpec> params = [] {
    std::vector<ParamSpec> out;
    Params<ClaimSection> p(out);
    p.add("text", &ClaimSection::text).required().doc("What is claimed, in words.");
    p.add("metric", &ClaimSection::metric)
        .required()
        .doc("\"stage.metric\" by which the claim is decided.");
    p.add("best", &ClaimSection::best, {"declared", "highest", "lowest"})
        .doc("Which values are better; where absent, what the metric declares.");
    p.add("margin", &ClaimSection::margin)
        .doc("By how much it must be better; of equal ones, the difference that does not matter.");
    p.add("alpha", &ClaimSection::alpha)
        .above(0)
        .below(0.5)
        .doc("Chance of an error that is accepted, over all claims of the study.");
    p.add("test", &ClaimSection::test, {"default", "sign-flip", "paired-t", "wilcoxon", "welch"})
        .doc("How it is decided; docs/statistics.md says what the default is.");
    p.add("along", &ClaimSection::along).doc("Of a slope: the axis whose values are its x.");
    p.add("log", &ClaimSection::log).doc("Of a slope: of logarithm against logarithm.");
    p.add("paper", &ClaimSection::paper).doc("What the paper says, shown beside the verdict.");
    return out;
  }();
  return params;
}

void read_section(Component& section, const std::vector<ParamSpec>& params, const Value& value,
                  const std::string& path, Diagnostics& out) {
  if (!value.is_table()) {
    out.error(value.where, path + " is " + value.type_name() + "; expected a table");
    return;
  }
  const std::vector<std::string> names = keys_of(params);
  for (const Value::Entry& entry : value.table()) {
    const auto spec = std::find_if(params.begin(), params.end(),
                                   [&](const ParamSpec& p) { return p.name == entry.key; });
    const auto inner = inside(params, entry.key);
    if (!inner.empty() && (spec == params.end() || entry.value.is_table())) {
      read_section(section, inner, entry.value, path + "." + entry.key, out);
      continue;
    }
    if (spec == params.end()) {
      out.error(entry.where,
                "unknown key " + path + "." + entry.key + allowed_names(entry.key, names));
      continue;
    }
    Value given = entry.value;
    if (spec->list && given.is_string()) {
      given = Value(Value::Array{entry.value});
      given.where = entry.value.where;
    }
    const std::size_t before = out.reports();
    Registry::global().validate_param(*spec, given, path + "." + entry.key, {}, out);
    if (out.reports() == before && !(spec->optional && is_absent(given)))
      spec->assign(section, given, {});
  }
  for (const ParamSpec& param : params)
    if (param.required && key_of(param) == param.name && !value.find(param.name))
      out.error(value.where, path + " needs " + param.name + " (" + param.allowed() + ")");
}

}  // namespace assay::config
