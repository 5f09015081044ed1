// Reading [sweep]: every form of axis, with every mistake reported.
#include "runner/design/reader.h"

#include <deque>
#include <set>

namespace assay::design {

namespace {

const std::vector<std::string> kReserved = {"linked",   "union",  "when",
                                            "variants", "sample", "exclude"};

bool reserved(const std::string& key) {
  return std::find(kReserved.begin(), kReserved.end(), key) != kReserved.end();
}

// A value as tables show it: a component by its name.
std::string short_label(const Value& value) {
  if (value.is_string()) return value.string();
  if (value.is_table() && !value.component_name().empty())
    return std::string(value.component_name());
  if (value.none()) return "–";
  return value.text();
}

std::string long_label(const Value& value) {
  if (!value.is_table() || value.component_name().empty()) return short_label(value);
  std::string out;
  for (const auto& entry : value.table())
    if (entry.key != "use")
      out += (out.empty() ? "" : ", ") + entry.key + "=" + short_label(entry.value);
  return std::string(value.component_name()) + (out.empty() ? "" : " " + out);
}

void label(Axis& axis) {
  std::set<std::string> seen;
  bool clash = false;
  std::vector<std::string> shorts;
  for (const auto& values : axis.values) {
    std::string text;
    for (const Value& value : values) text += (text.empty() ? "" : ", ") + short_label(value);
    clash = clash || !seen.insert(text).second;
    shorts.push_back(text);
  }
  axis.labels = shorts;
  if (!clash) return;
  for (std::size_t i = 0; i < axis.values.size(); ++i) {
    axis.labels[i].clear();
    for (const Value& value : axis.values[i])
      axis.labels[i] += (axis.labels[i].empty() ? "" : ", ") + long_label(value);
  }
}

class Reader {
 public:
  Reader(std::uint64_t seed, Diagnostics& out) : seed_(seed), out_(out) {}

  Sweep read(const Value& sweep) {
    if (!sweep.is_table()) {
      out_.error(sweep.where, "sweep is " + sweep.type_name() + "; expected a table of axes");
      return {};
    }
    grid(sweep);
    tables(sweep, "linked", [&](const Value& table) { linked(table); });
    if (const Value* sample = sweep.find("sample")) samples(*sample);
    union_of(sweep);
    variants(sweep);
    tables(sweep, "when", [&](const Value& table) { when(table); });
    for (Axis& axis : out_sweep_.axes) {
      if (axis.labels.empty()) label(axis);
      inner_clash(axis);
    }
    exclude(sweep);
    return std::move(out_sweep_);
  }

 private:
  // The entries that are axes, nested plain tables flattened to dotted paths.
  void axes_of(const Value& table, const std::string& prefix, bool top,
               std::vector<Value::Entry>& out) {
    for (const Value::Entry& entry : table.table()) {
      if (top && reserved(entry.key)) continue;
      if (entry.value.is_table() && entry.value.find("use") == nullptr &&
          entry.value.find("low") == nullptr) {
        axes_of(entry.value, prefix + entry.key + ".", false, out);
        continue;
      }
      out.push_back({prefix + entry.key, entry.where, entry.value});
    }
  }

  std::vector<Value::Entry> axes_in(const Value& table) {
    if (!table.is_table()) return {};
    std::vector<Value::Entry> all, out;
    axes_of(table, "", true, all);
    for (Value::Entry& entry : all) {
      if (entry.key.find('.') == std::string::npos) {
        out_.error(entry.where, "unknown key sweep." + entry.key +
                                    suggestion(entry.key, kReserved) +
                                    "; an axis is \"stage.parameter\" = [values]");
        continue;
      }
      out.push_back(std::move(entry));
    }
    return out;
  }

  bool list_of_values(const Value::Entry& entry) {
    if (!entry.value.is_array()) {
      out_.error(entry.value.where, "axis \"" + entry.key + "\" is " + entry.value.type_name() +
                                        "; expected a list of values");
      return false;
    }
    if (entry.value.array().empty())
      out_.error(entry.value.where,
                 "axis \"" + entry.key + "\" is empty; give it at least one value");
    return !entry.value.array().empty();
  }

  const std::string* note(const std::string& path, std::size_t i, std::size_t n) {
    return keep("axis \"" + path + "\", value " + std::to_string(i + 1) + " of " +
                std::to_string(n));
  }

  // Positions outlive the study that they were read for: diagnostics are shown after it is gone.
  static const std::string* keep(std::string text) {
    static std::mutex mutex;
    static std::deque<std::string> kept;
    const std::scoped_lock lock(mutex);
    return &kept.emplace_back(std::move(text));
  }

  // One place for each path: a path set by two axes at once is a mistake.
  bool claim(const std::string& path, const Position& where) {
    const auto [it, fresh] = claimed_.emplace(path, where);
    if (fresh) return true;
    out_.error(where, "\"" + path + "\" is set twice: another axis sets it in line " +
                          std::to_string(it->second.line));
    return false;
  }

  int add_axis(Axis axis) {
    out_sweep_.axes.push_back(std::move(axis));
    return static_cast<int>(out_sweep_.axes.size()) - 1;
  }

  void grid(const Value& sweep) {
    for (const Value::Entry& entry : axes_in(sweep)) {
      if (!claim(entry.key, entry.where) || !list_of_values(entry)) continue;
      Axis axis{entry.key, {entry.key}, {entry.where}, {}, {}};
      const auto& values = entry.value.array();
      for (std::size_t i = 0; i < values.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j)
          if (values[j] == values[i])
            out_.error(values[i].where,
                       "axis \"" + entry.key + "\" has the value " + values[i].text() + " twice");
        Value value = values[i];
        value.set_note(note(entry.key, i, values.size()));
        axis.values.push_back({value});
      }
      factor_of(add_axis(std::move(axis)));
    }
  }

  void factor_of(int axis) {
    Factor factor;
    const std::size_t n = out_sweep_.axes[static_cast<std::size_t>(axis)].values.size();
    for (std::size_t i = 0; i < n; ++i) factor.points.push_back({{axis, static_cast<int>(i)}});
    out_sweep_.factors.push_back(std::move(factor));
  }

  template <class Use>
  void tables(const Value& sweep, const char* key, const Use& use) {
    const Value* list = sweep.find(key);
    if (!list) return;
    if (!list->is_array() || list->array().empty()) {
      out_.error(list->where,
                 std::string("sweep.") + key + " is a list of tables: [[sweep." + key + "]]");
      return;
    }
    for (const Value& table : list->array()) {
      if (table.is_table())
        use(table);
      else
        out_.error(table.where, std::string("sweep.") + key + " is a list of tables; this is " +
                                    table.type_name());
    }
  }

  static std::string joined(const std::vector<std::string>& paths) {
    std::string out;
    for (const auto& path : paths) out += (out.empty() ? "" : " + ") + path;
    return out;
  }

  void linked(const Value& table) {
    Axis axis;
    bool good = true;
    for (const Value::Entry& entry : axes_in(table)) {
      good = claim(entry.key, entry.where) && list_of_values(entry) && good;
      if (!good) continue;
      const auto& values = entry.value.array();
      if (axis.paths.empty()) axis.values.resize(values.size());
      if (axis.values.size() != values.size()) {
        out_.error(entry.value.where,
                   "linked axis \"" + entry.key + "\" has " + std::to_string(values.size()) +
                       " values; \"" + axis.paths[0] + "\" has " +
                       std::to_string(axis.values.size()) + ": both must have the same number");
        good = false;
        continue;
      }
      axis.paths.push_back(entry.key);
      axis.where.push_back(entry.where);
      for (std::size_t i = 0; i < values.size(); ++i) {
        axis.values[i].push_back(values[i]);
        axis.values[i].back().set_note(note(entry.key, i, values.size()));
      }
    }
    if (!good) return;
    if (axis.paths.empty())
      return out_.error(table.where, "a linked axis needs at least one path with values");
    axis.name = joined(axis.paths);
    factor_of(add_axis(std::move(axis)));
  }

  // An axis that several sub-grids or conditions share; its values are those of all of them.
  int shared_axis(const std::string& path, const Position& where) {
    const auto known = shared_.find(path);
    if (known != shared_.end()) return known->second;
    if (!claim(path, where)) return -1;
    return shared_[path] = add_axis({path, {path}, {where}, {}, {}});
  }

  // The points of a sub-grid: the product of its axes.
  std::vector<Factor::Point> sub_grid(const std::vector<Value::Entry>& entries) {
    std::vector<Factor::Point> points(1);
    for (const Value::Entry& entry : entries) {
      if (!list_of_values(entry)) continue;
      const int axis = shared_axis(entry.key, entry.where);
      if (axis < 0) continue;
      auto& known = out_sweep_.axes[static_cast<std::size_t>(axis)].values;
      std::vector<Factor::Point> grown;
      for (const auto& point : points) {
        for (std::size_t i = 0; i < entry.value.array().size(); ++i) {
          Value value = entry.value.array()[i];
          auto it = std::find_if(known.begin(), known.end(),
                                 [&](const auto& v) { return v[0] == value; });
          if (it == known.end()) {
            value.set_note(note(entry.key, i, entry.value.array().size()));
            it = known.insert(known.end(), std::vector<Value>{value});
          }
          grown.push_back(point);
          grown.back().emplace_back(axis, static_cast<int>(it - known.begin()));
        }
      }
      points = std::move(grown);
    }
    return points;
  }

  void union_of(const Value& sweep) {
    Factor factor;
    tables(sweep, "union", [&](const Value& table) {
      const auto points = sub_grid(axes_in(table));
      factor.points.insert(factor.points.end(), points.begin(), points.end());
    });
    if (!factor.points.empty()) out_sweep_.factors.push_back(std::move(factor));
  }

  void when(const Value& table) {
    Factor factor;
    Value rest = table;
    auto& entries = rest.table();
    entries.erase(
        std::remove_if(entries.begin(), entries.end(), [](const auto& e) { return e.key == "if"; }),
        entries.end());
    const Value* condition = table.find("if");
    if (!condition || !condition->is_table() || condition->table().empty()) {
      out_.error(condition ? condition->where : table.where,
                 "sweep.when needs if = { \"stage.parameter\" = value or [values] }");
      return;
    }
    for (const Value::Entry& entry : condition->table()) {
      std::vector<std::string> names;
      bool found = false;
      for (std::size_t a = 0; a < out_sweep_.axes.size(); ++a) {
        const auto& paths = out_sweep_.axes[a].paths;
        for (std::size_t p = 0; p < paths.size(); ++p) {
          names.push_back(paths[p]);
          if (paths[p] != entry.key) continue;
          found = true;
          std::vector<Value> allowed =
              entry.value.is_array() ? entry.value.array() : std::vector<Value>{entry.value};
          factor.conditions.push_back({static_cast<int>(a), p, std::move(allowed)});
        }
      }
      if (!found)
        out_.error(entry.where, "sweep.when.if names no axis: \"" + entry.key + "\"" +
                                    suggestion(entry.key, names));
    }
    factor.points = sub_grid(axes_in(rest));
    out_sweep_.factors.push_back(std::move(factor));
  }

  void variants(const Value& sweep) {
    Axis axis;
    axis.name = "variant";
    std::vector<const Value*> rows;
    tables(sweep, "variants", [&](const Value& table) { rows.push_back(&table); });
    if (rows.empty()) return;
    std::map<std::string, std::size_t> place;
    for (const Value* row : rows) {
      for (const Value::Entry& entry : variant_entries(*row)) {
        if (place.count(entry.key)) continue;
        if (!claim(entry.key, entry.where)) continue;
        place[entry.key] = axis.paths.size();
        axis.paths.push_back(entry.key);
        axis.where.push_back(entry.where);
      }
    }
    for (const Value* row : rows) {
      auto& values = axis.values.emplace_back(axis.paths.size());
      const Value* name = row->find("name");
      if (!name || !name->is_string())
        out_.error(name ? name->where : row->where, "a variant needs name = \"…\"");
      const std::string text = name && name->is_string() ? name->string() : "";
      if (std::find(axis.labels.begin(), axis.labels.end(), text) != axis.labels.end())
        out_.error(name ? name->where : row->where,
                   "two variants have the name " + toml_string(text));
      axis.labels.push_back(text);
      for (const Value::Entry& entry : variant_entries(*row)) {
        if (!place.count(entry.key)) continue;
        values[place[entry.key]] = entry.value;
        values[place[entry.key]].set_note(variant_note(text));
      }
    }
    factor_of(add_axis(std::move(axis)));
  }

  static const std::string* variant_note(const std::string& name) {
    return keep("variant \"" + name + "\"");
  }

  std::vector<Value::Entry> variant_entries(const Value& row) {
    Value rest = row;
    auto& entries = rest.table();
    entries.erase(std::remove_if(entries.begin(), entries.end(),
                                 [](const auto& e) { return e.key == "name"; }),
                  entries.end());
    return axes_in(rest);
  }

  void samples(const Value& sample);
  bool sampled_axis(const Value::Entry& entry, std::size_t column,
                    const std::vector<std::vector<double>>& unit, Axis& axis);

  // An axis value that sets, inside a component, what another axis sets too.
  void inner_clash(const Axis& axis) {
    for (std::size_t p = 0; p < axis.paths.size(); ++p) {
      for (const auto& [path, where] : claimed_) {
        if (path.size() <= axis.paths[p].size() + 1 ||
            path.compare(0, axis.paths[p].size() + 1, axis.paths[p] + ".") != 0)
          continue;
        for (const auto& values : axis.values)
          if (const Value* inside = values[p].at_path(path.substr(axis.paths[p].size() + 1)))
            out_.error(inside->where, "\"" + path + "\" is set twice: the axis in line " +
                                          std::to_string(where.line) + " sets it too");
      }
    }
  }

  void exclude(const Value& sweep) {
    const Value* given = sweep.find("exclude");
    if (!given) return;
    std::vector<std::string> names;
    for (std::size_t a = 0; a < out_sweep_.axes.size(); ++a) {
      for (std::size_t p = 0; p < out_sweep_.axes[a].paths.size(); ++p) {
        names.push_back(out_sweep_.axes[a].paths[p]);
        out_sweep_.names.emplace_back(a, p);
      }
    }
    const std::vector<Value> list = given->is_array() ? given->array() : std::vector<Value>{*given};
    for (const Value& text : list) {
      if (!text.is_string()) {
        out_.error(text.where,
                   "sweep.exclude holds conditions as strings; this is " + text.type_name());
        continue;
      }
      if (auto expression = Expression::parse(text, names, out_))
        out_sweep_.exclude.push_back(std::move(expression));
    }
  }

  std::uint64_t seed_;
  Diagnostics& out_;
  Sweep out_sweep_;
  std::map<std::string, Position> claimed_;
  std::map<std::string, int> shared_;
};

bool Reader::sampled_axis(const Value::Entry& entry, std::size_t column,
                          const std::vector<std::vector<double>>& unit, Axis& axis) {
  const Value& range = entry.value;
  if (range.is_array()) {
    if (!list_of_values(entry)) return false;
    for (std::size_t i = 0; i < unit.size(); ++i) {
      const auto n = range.array().size();
      axis.values[i].push_back(range.array()[std::min(
          n - 1, static_cast<std::size_t>(unit[i][column] * static_cast<double>(n)))]);
    }
    return true;
  }
  const Value *low = range.find("low"), *high = range.find("high"), *scale = range.find("scale");
  const std::string kind = scale && scale->is_string() ? scale->string() : "linear";
  static const std::vector<std::string> kScales = {"linear", "log", "integer"};
  if (!low || !high || !low->is_number() || !high->is_number()) {
    out_.error(range.where, "axis \"" + entry.key +
                                "\" needs { low = number, high = number }, or a list of choices");
    return false;
  }
  if (std::find(kScales.begin(), kScales.end(), kind) == kScales.end() ||
      (scale && !scale->is_string())) {
    out_.error(scale->where, "scale = " + scale->text() +
                                 " is unknown; allowed: linear, log, integer" +
                                 suggestion(kind, kScales));
    return false;
  }
  const double a = low->number(), b = high->number();
  if (!(a < b) || (kind == "log" && !(a > 0))) {
    out_.error(low->where, "axis \"" + entry.key + "\" goes from " + low->text() + " to " +
                               high->text() + "; allowed: low below high" +
                               (kind == "log" ? ", both above 0" : ""));
    return false;
  }
  for (std::size_t i = 0; i < unit.size(); ++i) {
    const double u = unit[i][column];
    if (kind == "integer")
      axis.values[i].push_back(
          Value(static_cast<std::int64_t>(std::floor(a + u * (std::floor(b) - a + 1)))));
    else
      axis.values[i].push_back(Value(kind == "log"
                                         ? std::exp(std::log(a) + u * (std::log(b) - std::log(a)))
                                         : a + u * (b - a)));
    axis.values[i].back().where = range.where;
  }
  return true;
}

void Reader::samples(const Value& sample) {
  static const std::vector<std::string> kMethods = {"random", "latin-hypercube", "sobol"};
  const Value *method = sample.find("method"), *count = sample.find("count");
  const std::string name = method && method->is_string() ? method->string() : "";
  const auto chosen = std::find(kMethods.begin(), kMethods.end(), name);
  if (chosen == kMethods.end())
    out_.error(method ? method->where : sample.where,
               "sweep.sample needs method = one of random, latin-hypercube, sobol" +
                   suggestion(name, kMethods));
  if (!count || !count->is_integer() || count->integer() < 1 || count->integer() > 10'000'000) {
    out_.error(count ? count->where : sample.where, "sweep.sample needs count = 1 to 10000000");
    return;
  }
  if (chosen == kMethods.end()) return;
  Value rest = sample;
  auto& entries = rest.table();
  entries.erase(std::remove_if(entries.begin(), entries.end(),
                               [](const auto& e) { return e.key == "method" || e.key == "count"; }),
                entries.end());
  const auto axes = axes_in(rest);
  if (axes.empty())
    return out_.error(sample.where, "sweep.sample needs at least one path with a range");
  const auto unit = unit_samples(static_cast<SampleMethod>(chosen - kMethods.begin()),
                                 static_cast<std::size_t>(count->integer()), axes.size(), seed_);
  Axis axis;
  axis.values.resize(unit.size());
  bool good = true;
  for (std::size_t i = 0; i < axes.size(); ++i) {
    axis.paths.push_back(axes[i].key);
    axis.where.push_back(axes[i].where);
    good = claim(axes[i].key, axes[i].where) && good;
    good = sampled_axis(axes[i], i, unit, axis) && good;
  }
  if (!good) return;
  axis.name = joined(axis.paths);
  for (std::size_t i = 0; i < axis.values.size(); ++i)
    for (Value& value : axis.values[i]) value.set_note(note(axis.name, i, axis.values.size()));
  factor_of(add_axis(std::move(axis)));
}

}  // namespace

Sweep read_sweep(const Value& sweep, std::uint64_t study_seed, Diagnostics& out) {
  return Reader(study_seed, out).read(sweep);
}

}  // namespace assay::design
