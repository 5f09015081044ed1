#include "runner/config/table.h"

#include <algorithm>
#include <map>

#include "runner/config/curve_place.h"
#include "runner/config/sections.h"
#include "runner/config/study.h"

namespace assay::config {

namespace {

const std::vector<std::string> kSpreads = {"sd", "interval", "bca", "none"};

// Of the entry `i` of a list in [table], which may be written as one text.
Position item_where(const Study& study, const char* key, std::size_t i) {
  const Value& list = *study.root.find("table")->find(key);
  return list.is_array() ? list.array()[i].where : list.where;
}

bool is_label(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) ||
           std::string_view(":-_.").find(c) != std::string_view::npos;
  });
}

// Whether "stage.metric" names a stage; reports it where it does not.
bool names_stage(const Study& study, const std::string& value, const std::string& key,
                 const Position& where, Diagnostics& out) {
  const std::string stage = value.substr(0, value.find('.'));
  std::string wrong;
  if (curve_place(value, wrong); !wrong.empty())
    out.error(where, key + " = " + toml_string(value) + ": " + wrong);
  if (study.stage(stage) && value.find('.') != std::string::npos) return true;
  out.error(where, key + " = " + toml_string(value) +
                       " is not \"stage.metric\": there is no stage " + toml_string(stage) +
                       suggestion(stage, study.stage_names()));
  return false;
}

void check_best(const Study& study, Diagnostics& out) {
  static const std::vector<std::string> kBest = {"highest", "lowest", "none", "declared"};
  const auto& best = study.table.best;
  for (std::size_t i = 0; i < best.size(); ++i)
    if (std::find(kBest.begin(), kBest.end(), best[i]) == kBest.end())
      out.error(item_where(study, "best", i), "table.best = " + toml_string(best[i]) +
                                                  " is unknown" + allowed_names(best[i], kBest));
  if (best.size() > 1 && best.size() != study.table.values.size())
    out.error(item_where(study, "best", 0), "table.best has " + std::to_string(best.size()) +
                                                " entries; allowed: one, or one for each value");
}

// Reads one [[table.paper]].
class PaperReader {
 public:
  PaperReader(const Study& study, Diagnostics& out)
      : study_(study),
        out_(out),
        conditions_(study, out, "table.paper.where") {}

  std::optional<PaperNumbers> read(const Value& table) {
    const std::size_t before = out_.count();
    Value plain(Value::Table{});
    plain.where = table.where;
    for (const Value::Entry& entry : table.table())
      if (entry.key != "where" && entry.key != "value" && entry.key != "spread")
        plain.table().push_back(entry);
    PaperSection section;
    read_section(section, paper_params(), plain, "table.paper", out_);
    PaperNumbers out;
    out.source = section.source, out.note = section.note;
    out.where.where = table.where;
    if (const Value* where = table.find("where")) conditions_.read(*where, out.where);
    numbers(table, out);
    if (out_.count() == before && !conditions_.left_out()) must_hold_somewhere(out);
    if (out_.count() != before || conditions_.left_out()) return std::nullopt;
    return out;
  }

 private:
  void numbers(const Value& table, PaperNumbers& out) {
    const Value* given = table.find("value");
    if (!given || !given->is_table() || given->table().empty()) {
      out_.error(given ? given->where : table.where,
                 "table.paper needs numbers: value = { \"stage.metric\" = 0.9 }");
      return;
    }
    for (const Value::Entry& entry : flat(*given))
      if (const auto number = read_number(entry, "value"))
        out.numbers.push_back({entry.key, *number, std::nullopt});
    const Value* spread = table.find("spread");
    if (!spread) return;
    if (!spread->is_table()) {
      out_.error(spread->where, "table.paper.spread is " + spread->type_name() +
                                    "; expected { \"stage.metric\" = 0.01 }");
      return;
    }
    for (const Value::Entry& entry : flat(*spread)) add_spread(entry, out);
  }

  void add_spread(const Value::Entry& entry, PaperNumbers& out) {
    const auto number = read_number(entry, "spread");
    for (auto& one : out.numbers) {
      if (one.metric != entry.key) continue;
      one.spread = number;
      return;
    }
    out_.error(entry.where, "table.paper.spread of " + toml_string(entry.key) +
                                " has no value that it is the spread of");
  }

  std::optional<double> read_number(const Value::Entry& entry, const std::string& key) {
    const std::string name = "table.paper." + key;
    if (!names_stage(study_, entry.key, name, entry.where, out_)) return std::nullopt;
    const auto& shown = study_.table.values;
    if (!shown.empty() && std::find(shown.begin(), shown.end(), entry.key) == shown.end()) {
      out_.error(entry.where, name + " is of " + toml_string(entry.key) +
                                  ", which the table does not show" +
                                  allowed_names(entry.key, shown));
      return std::nullopt;
    }
    if (entry.value.is_number()) return entry.value.number();
    out_.error(entry.value.where, name + " of " + toml_string(entry.key) + " is " +
                                      entry.value.type_name() + "; expected a number");
    return std::nullopt;
  }

  void must_hold_somewhere(const PaperNumbers& numbers) {
    bool any = false;
    study_.design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
      any = numbers.where.hold(choice);
      return !any;
    });
    if (!any)
      conditions_.not_there(numbers.where.where,
                            "no variant of the study is as this table.paper.where says");
  }

  const Study& study_;
  Diagnostics& out_;
  ConditionReader conditions_;
};

// Two numbers for one entry: neither may win silently.
void must_not_clash(const Study& study, Diagnostics& out) {
  const auto& all = study.table.numbers;
  if (all.size() < 2) return;
  bool found = false;
  study.design.for_each([&](std::uint64_t, const std::vector<int>& choice) {
    std::map<std::string, const PaperNumbers*> seen;
    for (const PaperNumbers& one : all) {
      if (!one.where.hold(choice)) continue;
      for (const auto& number : one.numbers) {
        const PaperNumbers* first = seen.emplace(number.metric, &one).first->second;
        if (first == &one) continue;
        found = true;
        out.error(one.where.where, "two numbers of a paper for " + toml_string(number.metric) +
                                       " of the same variant (" +
                                       (one.where.name.empty() ? "all" : one.where.name) + ")");
      }
    }
    return !found;
  });
}

void read_papers(Study& study, Diagnostics& out) {
  Value* table = study.root.find("table");
  Value* list = table ? table->find("paper") : nullptr;
  if (!list || !list->is_array()) return;
  std::vector<Value> left;
  for (const Value& item : list->array()) {
    if (!item.is_table()) {
      out.error(item.where, "table.paper is a list of tables; this is " + item.type_name());
      continue;
    }
    auto numbers = PaperReader(study, out).read(item);
    if (!numbers) continue;
    study.table.numbers.push_back(std::move(*numbers));
    left.push_back(item);
  }
  if (!out.ok()) return;
  must_not_clash(study, out);
  list->array() = std::move(left);
}

}  // namespace

void read_table(Study& study, Diagnostics& out) {
  const Value* value = study.root.find("table");
  if (!value) return;
  Value plain = *value;
  if (plain.is_table())
    std::erase_if(plain.table(), [](const Value::Entry& entry) {
      return entry.key == "paper" && entry.value.is_array();
    });
  TableSection section;
  read_section(section, table_params(), plain, "table", out);
  TableSpec& table = study.table;
  table.title = section.title, table.caption = section.caption, table.label = section.label;
  table.rows = section.rows, table.columns = section.columns, table.within = section.within;
  table.values = section.value, table.best = section.best, table.paper = section.paper;
  table.spread = kSpreads[static_cast<std::size_t>(section.spread)];
  for (std::size_t i = 0; i < table.values.size(); ++i)
    names_stage(study, table.values[i], "table.value", item_where(study, "value", i), out);
  check_best(study, out);
  if (!is_label(table.label))
    out.error(value->find("label")->where,
              "table.label = " + toml_string(table.label) +
                  " is no label of LaTeX; allowed: letters, digits, ':', '-', '_' and '.'");
}

void read_table_axes(Study& study, Diagnostics& out) {
  std::vector<std::string> names;
  for (const design::Axis& axis : study.design.axes()) {
    names.push_back(axis.name);
    for (const auto& path : axis.paths)
      if (path != axis.name) names.push_back(path);
  }
  const auto check = [&](const char* key, const std::vector<std::string>& wanted) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (std::find(names.begin(), names.end(), wanted[i]) == names.end())
        out.error(item_where(study, key, i), std::string("table.") + key +
                                                 " names no axis: " + toml_string(wanted[i]) +
                                                 suggestion(wanted[i], names));
  };
  check("rows", study.table.rows);
  check("columns", study.table.columns);
  check("within", study.table.within);
  if (out.ok()) read_papers(study, out);
}

}  // namespace assay::config
