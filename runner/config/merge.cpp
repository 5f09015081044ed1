// The layers of a study: bases named by `extends`, the profile, and --set, later over earlier.
#include <filesystem>

#include "runner/config/parse.h"
#include "runner/config/study.h"

namespace assay::config {

namespace {

// A different `use` starts the component afresh: parameters of the old one mean nothing to it.
bool replaces(const Value& base, const Value& over) {
  const Value* before = base.find("use");
  const Value* after = over.find("use");
  return before && after && !(*before == *after);
}

void overlay(Value& base, const Value& over) {
  if (!base.is_table() || !over.is_table() || replaces(base, over)) {
    base = over;
    return;
  }
  std::unordered_map<std::string, std::size_t> places;
  for (const Value::Entry& entry : base.table()) places.emplace(entry.key, places.size());
  for (const Value::Entry& entry : over.table()) {
    const auto [place, fresh] = places.emplace(entry.key, base.table().size());
    if (fresh)
      base.table().push_back(entry);
    else
      overlay(base.table()[place->second].value, entry.value);
  }
}

class Layers {
 public:
  explicit Layers(Diagnostics& out) : out_(out) {}

  Value file(const std::string& path, const Position& blame) {
    std::error_code code;  // a pipe, or what may not be looked into, has no such name
    std::string canonical = std::filesystem::weakly_canonical(path, code).string();
    if (code) canonical = path;
    if (std::find(open_.begin(), open_.end(), canonical) != open_.end()) {
      out_.error(blame, "extends goes in a circle: " + chain() + path);
      return Value(Value::Table{});
    }
    if (++files_ > kMostFiles) {
      out_.error(blame, "extends leads to more than 1000 files");
      return Value(Value::Table{});
    }
    open_.push_back(canonical);
    names_.push_back(path);
    const Value own = parse_file(path, blame, out_);
    Value merged(Value::Table{});
    for (const Value* base : bases(own)) {
      const std::filesystem::path relative(base->string());
      const auto where =
          relative.is_absolute() ? relative : std::filesystem::path(path).parent_path() / relative;
      overlay(merged, file(where.lexically_normal().string(), base->where));
    }
    Value rest = own;
    auto& entries = rest.table();
    entries.erase(std::remove_if(entries.begin(), entries.end(),
                                 [](const auto& entry) { return entry.key == "extends"; }),
                  entries.end());
    overlay(merged, rest);
    merged.where = own.where;
    open_.pop_back();
    names_.pop_back();
    return merged;
  }

 private:
  std::vector<const Value*> bases(const Value& own) {
    std::vector<const Value*> out;
    const Value* extends = own.find("extends");
    if (!extends) return out;
    if (extends->is_string()) return {extends};
    if (!extends->is_array()) {
      out_.error(extends->where,
                 "extends is " + extends->type_name() + "; expected a list of study files");
      return out;
    }
    for (const Value& item : extends->array()) {
      if (item.is_string())
        out.push_back(&item);
      else
        out_.error(item.where, "extends names files; this is " + item.type_name());
    }
    return out;
  }

  std::string chain() const {
    std::string out;
    for (const std::string& name : names_) out += name + " -> ";
    return out;
  }

  // Files that each name the next one twice would be read without end.
  static constexpr int kMostFiles = 1000;

  Diagnostics& out_;
  std::vector<std::string> open_, names_;
  int files_ = 0;
};

// Keys of a --set path: dots separate, quotes protect.
std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out(1);
  bool in_quotes = false;
  for (const char c : path) {
    if (c == '"')
      in_quotes = !in_quotes;
    else if (c == '.' && !in_quotes)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

Value parse_option(const std::string& option, const std::string& text, Diagnostics& out) {
  const std::size_t equals = option.find('=');
  Diagnostics quiet;
  const std::string key = "\"x\" = ";
  const Source* source = keep_source("--set", option);
  const Source* parsed = keep_source("--set", key + text);
  Value tree = parse_text(parsed, quiet);
  Value value;
  if (quiet.ok() && tree.find("x")) {
    value = *tree.find("x");
  } else if (!text.empty() && text.find_first_of("\"'[]{}=,# \n") == std::string::npos) {
    value = Value(text);  // a bare word is what people type for a name
  } else {
    out.error({source, 1, static_cast<int>(equals) + 2, nullptr},
              "the value is not TOML; strings need quotes, lists brackets");
  }
  value.where = {source, 1, static_cast<int>(equals) + 2, nullptr};
  return value;
}

void apply_set(Value& root, const std::string& option, Diagnostics& out) {
  const Source* source = keep_source("--set", option);
  const std::size_t equals = option.find('=');
  if (equals == std::string::npos || equals == 0) {
    out.error({source, 1, 1, nullptr}, "expected path.to.key=value");
    return;
  }
  const Value value = parse_option(option, option.substr(equals + 1), out);
  std::vector<std::string> path = split_path(std::string_view(option).substr(0, equals));
  static const std::vector<std::string> kTops = {"study", "stage",    "sweep",  "table",
                                                 "claim", "ablation", "profile"};
  // "base.steps" is short for "stage.base.steps", as in axis paths.
  if (path.size() > 1 && std::find(kTops.begin(), kTops.end(), path[0]) == kTops.end())
    path.insert(path.begin(), "stage");
  if (path[0] == "sweep" && path.size() > 2) {
    std::string axis = path[1];
    for (std::size_t i = 2; i < path.size(); ++i) axis += "." + path[i];
    path = {"sweep", axis};
  }
  const Position where{source, 1, 1, nullptr};
  Value* at = &root;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    Value* next = at->find(path[i]);
    if (!next) next = &at->set(path[i], Value(Value::Table{}), where);
    if (next->is_string() && !next->component_name().empty()) {
      // "router" written as a bare name grows into { use = "router" } to hold the key.
      Value table;
      table.set("use", *next);
      table.where = next->where;
      *next = table;
    }
    if (!next->is_table()) {
      out.error(where, path[i] + " is " + next->type_name() + ", not a table");
      return;
    }
    at = next;
  }
  at->set(path.back(), value, where);
}

void apply_profile(Value& root, const std::string& name, const Position& blame, Diagnostics& out) {
  const Value* profiles = root.find("profile");
  if (profiles && !profiles->is_table()) {
    out.error(profiles->where, "profile holds one table for each profile: [profile.NAME]");
    return;
  }
  if (name.empty()) return;
  if (const Value* chosen = profiles ? profiles->find(name) : nullptr) {
    const Value layer = *chosen;
    overlay(root, layer);
    return;
  }
  std::vector<std::string> names;
  std::string known;
  for (std::size_t i = 0; profiles && i < profiles->table().size(); ++i) {
    names.push_back(profiles->table()[i].key);
    known += (i > 0 ? ", " : "") + names.back();
  }
  out.error(blame, "no profile \"" + name + "\"" + suggestion(name, names) +
                       (known.empty() ? "; the study has none" : "; allowed: " + known));
}

}  // namespace

Value load_tree(const std::string& file, const Overrides& overrides, Diagnostics& out) {
  const Position blame{keep_source(file, ""), 0, 0, nullptr};
  Value root = Layers(out).file(file, blame);
  apply_profile(root, overrides.profile, blame, out);
  for (const std::string& option : overrides.set) apply_set(root, option, out);
  return root;
}

}  // namespace assay::config
