// Reading [sweep]: every form of axis, with every mistake reported.
#include "runner/design/reader.h"

#include <set>
#include <unordered_map>

#include "runner/design/axes.h"

namespace assay::design {

namespace {

// Of one sub-grid: they are listed, unlike those of the whole sweep.
constexpr std::size_t kMostPoints = 1'000'000;

class Reader {
 public:
  Reader(std::uint64_t seed, Diagnostics& out) : seed_(seed), out_(out) {}

  Sweep read(const Value& sweep, const std::optional<Axis>& systems) {
    if (!sweep.is_table()) {
      out_.error(sweep.where, "sweep is " + sweep.type_name() + "; expected a table of axes");
      return {};
    }
    if (systems) add_claimed(*systems);
    for (const Value::Entry& entry : axes_in(sweep, "sweep", reserved_keys(), out_)) grid(entry);
    tables(sweep, "linked", [&](const Value& table) { linked(table); });
    if (const Value* sample = sweep.find("sample"))
      if (std::optional<Axis> axis = read_sample(*sample, seed_, out_))
        add_claimed(std::move(*axis));
    union_of(sweep);
    variants(sweep);
    tables(sweep, "when", [&](const Value& table) { when(table); });
    for (Axis& axis : sweep_.axes)
      if (axis.labels.empty()) label(axis);
    find_clashes(sweep_, out_);
    exclude(sweep);
    return std::move(sweep_);
  }

 private:
  // Paths that are set in every variant can be set by one axis alone.
  bool claim(const std::string& path, const Position& where) {
    const auto [it, fresh] = claimed_.emplace(path, where);
    if (fresh) return true;
    out_.error(where, "\"" + path + "\" is set twice: another axis sets it in line " +
                          std::to_string(it->second.line));
    return false;
  }

  int add_axis(Axis axis) {
    sweep_.axes.push_back(std::move(axis));
    return static_cast<int>(sweep_.axes.size()) - 1;
  }

  // An axis that is a factor of its own.
  void add_factor(Axis added) {
    const int axis = add_axis(std::move(added));
    const Axis& kept = sweep_.axes.back();
    Factor factor;
    for (std::size_t i = 0; i < kept.values.size(); ++i)
      factor.points.push_back({{axis, static_cast<int>(i)}});
    if (!kept.where.empty()) factor.axes.emplace(axis, kept.where[0]);
    sweep_.factors.push_back(std::move(factor));
  }

  void grid(const Value::Entry& entry) {
    if (!claim(entry.key, entry.where) || !list_of_values(entry, out_)) return;
    Axis axis{entry.key, {entry.key}, {entry.where}, {}, {}};
    append(axis, entry);
    refuse_repeats(axis);
    add_factor(std::move(axis));
  }

  // Gives an axis one more path with its values.
  static void append(Axis& axis, const Value::Entry& entry) {
    const auto& values = entry.value.array();
    axis.values.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      axis.values[i].push_back(values[i]);
      axis.values[i].back().set_note(axis_note(entry.key, i, values.size()));
    }
  }

  void refuse_repeats(const Axis& axis) {
    std::unordered_map<std::string, std::size_t> seen;
    for (const auto& values : axis.values) {
      std::string key, text;
      for (const Value& value : values) {
        key += setting(value) + ";";
        text += (text.empty() ? "" : ", ") + value.text();
      }
      if (!seen.emplace(key, 0).second) {
        Position where = values[0].where;
        where.note = nullptr;  // the message names the axis
        out_.error(where, "axis \"" + axis.name + "\" has the value " + text + " twice");
      }
    }
  }

  template <class Use>
  void tables(const Value& sweep, const std::string& key, const Use& use) {
    const Value* list = sweep.find(key);
    if (!list) return;
    if (!list->is_array() || list->array().empty()) {
      out_.error(list->where, "sweep." + key + " is a list of tables: [[sweep." + key + "]]");
      return;
    }
    for (const Value& table : list->array()) {
      if (table.is_table())
        use(table);
      else
        out_.error(table.where,
                   "sweep." + key + " is a list of tables; this is " + table.type_name());
    }
  }

  void linked(const Value& table) {
    Axis axis;
    bool good = true;
    for (const Value::Entry& entry : axes_in(table, "sweep.linked", {}, out_)) {
      if (!claim(entry.key, entry.where) || !list_of_values(entry, out_)) {
        good = false;
        continue;
      }
      const std::size_t count = entry.value.array().size();
      if (!axis.paths.empty() && axis.values.size() != count) {
        out_.error(entry.value.where, "linked axis \"" + entry.key + "\" has " +
                                          std::to_string(count) + " values; \"" + axis.paths[0] +
                                          "\" has " + std::to_string(axis.values.size()) +
                                          ": both must have the same number");
        good = false;
        continue;
      }
      axis.paths.push_back(entry.key);
      axis.where.push_back(entry.where);
      append(axis, entry);
    }
    if (!good) return;
    if (axis.paths.empty())
      return out_.error(table.where, "a linked axis needs at least one path with values");
    axis.name = joined(axis.paths);
    refuse_repeats(axis);
    add_factor(std::move(axis));
  }

  void add_claimed(Axis axis) {
    bool good = true;
    for (std::size_t i = 0; i < axis.paths.size(); ++i)
      good = claim(axis.paths[i], axis.where[i]) && good;
    if (good) add_factor(std::move(axis));
  }

  // An axis that several sub-grids or conditions share; its values are those of all of them.
  int shared_axis(const std::string& path, const Position& where) {
    const auto known = shared_.find(path);
    if (known != shared_.end()) return known->second;
    if (!claim(path, where)) return -1;
    return shared_[path] = add_axis({path, {path}, {where}, {}, {}});
  }

  // The places of the entry's values among those of the axis that it shares.
  std::vector<int> shared_values(const Value::Entry& entry, int axis) {
    Axis own{entry.key, {entry.key}, {entry.where}, {}, {}};
    append(own, entry);
    refuse_repeats(own);
    auto& known = sweep_.axes[static_cast<std::size_t>(axis)].values;
    std::vector<int> out;
    for (auto& values : own.values) {
      const auto [it, fresh] =
          value_index_[axis].emplace(setting(values[0]), static_cast<int>(known.size()));
      if (fresh) known.push_back(std::move(values));
      out.push_back(it->second);
    }
    return out;
  }

  // Gives the factor the points of a sub-grid: the product of its axes. Sub-grids that overlap
  // have their common points, those that are `known`, once: a variant that counts twice would count
  // its seeds twice.
  void add_sub_grid(const std::vector<Value::Entry>& entries, std::set<Factor::Point>& known,
                    Factor& factor) {
    std::vector<Factor::Point> points(1);
    for (const Value::Entry& entry : entries) {
      if (!list_of_values(entry, out_)) continue;
      const int axis = shared_axis(entry.key, entry.where);
      if (axis < 0) continue;
      factor.axes.emplace(axis, entry.where);
      const std::vector<int> values = shared_values(entry, axis);
      if (points.size() * values.size() > kMostPoints)
        return out_.error(entry.where, "this sub-grid has more than 1000000 points");
      std::vector<Factor::Point> grown;
      for (const auto& point : points) {
        for (const int value : values) {
          grown.push_back(point);
          grown.back().emplace_back(axis, value);
        }
      }
      points = std::move(grown);
    }
    const auto canonical = [](Factor::Point point) {
      std::sort(point.begin(), point.end());
      return point;
    };
    for (auto& point : points)
      if (known.insert(canonical(point)).second) factor.points.push_back(std::move(point));
  }

  void union_of(const Value& sweep) {
    Factor factor;
    std::set<Factor::Point> known;
    tables(sweep, "union", [&](const Value& table) {
      add_sub_grid(axes_in(table, "sweep.union", {}, out_), known, factor);
    });
    if (!factor.points.empty()) sweep_.factors.push_back(std::move(factor));
  }

  void when(const Value& table) {
    const Value* condition = table.find("if");
    if (!condition || !condition->is_table() || condition->table().empty()) {
      out_.error(condition ? condition->where : table.where,
                 "sweep.when needs if = { \"stage.parameter\" = value or [values] }");
      return;
    }
    Factor factor;
    for (const Value::Entry& entry : condition->table()) add_condition(entry, factor);
    const auto entries = axes_in(table, "sweep.when", {"if"}, out_);
    if (entries.empty())
      out_.error(table.where, "sweep.when needs at least one axis beside its condition");
    std::set<Factor::Point> known;
    add_sub_grid(entries, known, factor);
    sweep_.factors.push_back(std::move(factor));
  }

  void add_condition(const Value::Entry& entry, Factor& factor) {
    std::vector<std::string> names;
    for (std::size_t a = 0; a < sweep_.axes.size(); ++a) {
      const auto& paths = sweep_.axes[a].paths;
      for (std::size_t p = 0; p < paths.size(); ++p) {
        names.push_back(paths[p]);
        if (paths[p] != entry.key) continue;
        factor.conditions.push_back(
            {static_cast<int>(a), p,
             entry.value.is_array() ? entry.value.array() : std::vector<Value>{entry.value}});
        return;
      }
    }
    out_.error(entry.where,
               "sweep.when.if names no axis: \"" + entry.key + "\"" + suggestion(entry.key, names));
  }

  void variants(const Value& sweep) {
    std::vector<const Value*> rows;
    tables(sweep, "variants", [&](const Value& row) { rows.push_back(&row); });
    if (!rows.empty()) add_claimed(read_variants(rows, out_));
  }

  void exclude(const Value& sweep) {
    const Value* given = sweep.find("exclude");
    if (!given) return;
    sweep_.exclude_where = given->where;
    std::vector<Expression::Name> names;
    for (std::size_t a = 0; a < sweep_.axes.size(); ++a) {
      for (std::size_t p = 0; p < sweep_.axes[a].paths.size(); ++p) {
        Expression::Name name{sweep_.axes[a].paths[p], 0};
        for (const auto& values : sweep_.axes[a].values) name.types |= value_types(values[p]);
        names.push_back(std::move(name));
        sweep_.names.emplace_back(a, p);
      }
    }
    const std::vector<Value> list = given->is_array() ? given->array() : std::vector<Value>{*given};
    for (const Value& text : list) {
      if (!text.is_string())
        out_.error(text.where,
                   "sweep.exclude holds conditions as strings; this is " + text.type_name());
      else if (auto expression = Expression::parse(text, names, out_))
        sweep_.exclude.push_back(std::move(expression));
    }
  }

  std::uint64_t seed_;
  Diagnostics& out_;
  Sweep sweep_;
  std::map<std::string, Position> claimed_;
  std::map<std::string, int> shared_;
  std::map<int, std::unordered_map<std::string, int>> value_index_;  // of shared axes
};

}  // namespace

bool Condition::allows(const Value& value) const {
  return std::any_of(allowed.begin(), allowed.end(),
                     [&](const Value& wanted) { return matches(wanted, value); });
}

Sweep read_sweep(const Value& sweep, std::uint64_t study_seed, Diagnostics& out,
                 const std::optional<Axis>& systems) {
  return Reader(study_seed, out).read(sweep, systems);
}

}  // namespace assay::design
