// Checking components and parameters against their declarations: every mistake, with its place.
#include "runner/registry/registry.h"

namespace assay {

namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out.empty() ? "none" : out;
}

std::string bound_text(const ParamSpec& param, double bound) {
  if (param.type == ParamType::kInteger && std::abs(bound) < 1e15)
    return std::to_string(static_cast<std::int64_t>(bound));
  std::string text = number_text(bound);
  if (text.size() > 2 && text.ends_with(".0")) text.resize(text.size() - 2);
  return text;
}

// Kinds are plain words: "a model", "an optimizer".
std::string with_article(const std::string& kind) {
  const bool vowel = std::string_view("aeiou").find(kind[0]) != std::string_view::npos;
  return (vowel ? "an " : "a ") + kind;
}

std::string expected_type(const ParamSpec& param) {
  switch (param.type) {
    case ParamType::kBoolean:
      return "true or false";
    case ParamType::kInteger:
      return "an integer";
    case ParamType::kNumber:
      return "a number";
    case ParamType::kText:
      return "a string";
    case ParamType::kChoice:
      return "one of " + joined(param.choices);
    case ParamType::kComponent:
      return with_article(param.target) + ": a name or { use = \"name\", … }";
    case ParamType::kInput:
      break;
  }
  return "the name of a stage that gives " + with_article(param.target);
}

bool type_fits(const ParamSpec& param, const Value& value) {
  switch (param.type) {
    case ParamType::kBoolean:
      return value.is_boolean();
    case ParamType::kInteger:
      return value.is_integer();
    case ParamType::kNumber:
      return value.is_number();
    case ParamType::kText:
    case ParamType::kChoice:
    case ParamType::kInput:
      return value.is_string();
    case ParamType::kComponent:
      break;
  }
  return value.is_string() || value.is_table();
}

bool in_range(const ParamSpec& param, double x) {
  const bool low = param.low_open ? x > param.low : x >= param.low;
  const bool high = param.high_open ? x < param.high : x <= param.high;
  return low && high && std::isfinite(x);
}

}  // namespace

std::string ParamSpec::allowed() const {
  if (type == ParamType::kChoice) return "one of " + joined(choices);
  if (type != ParamType::kInteger && type != ParamType::kNumber) return expected_type(*this);
  const bool has_low = std::isfinite(low), has_high = std::isfinite(high);
  std::string out;
  if (has_low && has_high && !low_open && !high_open) {
    out = bound_text(*this, low) + " to " + bound_text(*this, high);
  } else {
    if (has_low) out = (low_open ? "above " : "at least ") + bound_text(*this, low);
    if (has_low && has_high) out += " and ";
    if (has_high) out += (high_open ? "below " : "at most ") + bound_text(*this, high);
    if (out.empty()) out = type == ParamType::kInteger ? "any integer" : "any finite number";
  }
  return unit.empty() ? out : out + " " + unit;
}

namespace {

class Validator {
 public:
  Validator(const Registry& registry, const InputCheck& inputs, Diagnostics& out)
      : registry_(registry),
        inputs_(inputs),
        out_(out) {}

  const ComponentSpec* component(std::string_view kind, const Value& value,
                                 const std::string& path) {
    const ComponentSpec* spec = named(kind, value, path);
    if (!spec) return nullptr;
    const std::size_t before = out_.reports();
    if (value.is_table()) keys(*spec, value, path);
    for (const ParamSpec& declared : spec->params) {
      if (const Value* given = value.find(declared.name)) {
        param(declared, *given, path + "." + declared.name);
      } else if (declared.required) {
        out_.error(value.where, path + ": " + spec->kind + " \"" + spec->name + "\" needs " +
                                    declared.name + " (" + expected_type(declared) + ")");
      }
    }
    if (spec->has_check && out_.reports() == before) {
      const std::string wrong = registry_.build(kind, value)->check();
      if (!wrong.empty()) out_.error(value.where, path + "." + wrong);
    }
    return spec;
  }

  void param(const ParamSpec& declared, const Value& value, const std::string& path) {
    if (declared.optional && is_absent(value)) return;
    if (!declared.list) return item(declared, value, path);
    if (!value.is_array()) {
      out_.error(value.where, path + " is " + value.type_name() + "; expected a list, each item " +
                                  expected_type(declared));
      return;
    }
    if (value.array().size() < declared.min_count)
      out_.error(value.where, path + " has " + std::to_string(value.array().size()) +
                                  " items; allowed: at least " +
                                  std::to_string(declared.min_count));
    for (std::size_t i = 0; i < value.array().size(); ++i)
      item(declared, value.array()[i], path + "[" + std::to_string(i) + "]");
  }

 private:
  const ComponentSpec* named(std::string_view kind, const Value& value, const std::string& path) {
    const Value* use = value.is_table() ? value.find("use") : &value;
    if (!use || !use->is_string()) {
      out_.error(use ? use->where : value.where, path + " needs use = \"" + std::string(kind) +
                                                     " name\" (assay list " + std::string(kind) +
                                                     ")");
      return nullptr;
    }
    const ComponentSpec* spec = registry_.find(kind, use->string());
    if (!spec) {
      const std::string near = suggestion(use->string(), registry_.names(kind));
      out_.error(use->where, "unknown " + std::string(kind) + " \"" + use->string() + "\"" +
                                 (near.empty() ? "; allowed: " + joined(registry_.names(kind))
                                               : near + " (assay list " + std::string(kind) + ")"));
    }
    return spec;
  }

  void keys(const ComponentSpec& spec, const Value& value, const std::string& path) {
    for (const Value::Entry& entry : value.table()) {
      if (entry.key == "use" || spec.param(entry.key)) continue;
      const std::vector<std::string> names = spec.param_names();
      const std::string near = suggestion(entry.key, names);
      out_.error(entry.where, "unknown key " + path + "." + entry.key +
                                  (near.empty() ? ";" : near) + " " + spec.kind + " \"" +
                                  spec.name + "\" takes: " + joined(names));
    }
  }

  void item(const ParamSpec& declared, const Value& value, const std::string& path) {
    if (!type_fits(declared, value)) {
      out_.error(value.where,
                 path + " is " + value.type_name() + "; expected " + expected_type(declared));
      return;
    }
    if (declared.type == ParamType::kComponent) {
      component(declared.target, value, path);
    } else if (declared.type == ParamType::kChoice) {
      const auto& choices = declared.choices;
      if (std::find(choices.begin(), choices.end(), value.string()) == choices.end())
        out_.error(value.where, path + " = " + value.text() + " is unknown" +
                                    allowed_names(value.string(), choices));
    } else if (declared.type == ParamType::kInput) {
      const std::string wrong = inputs_ ? inputs_(value.string(), declared.target) : std::string();
      if (!wrong.empty()) out_.error(value.where, path + ": " + wrong);
    } else if (value.is_number() && !in_range(declared, value.number())) {
      out_.error(value.where,
                 path + " = " + value.text() + " is out of range; allowed: " + declared.allowed());
    }
  }

  const Registry& registry_;
  const InputCheck& inputs_;
  Diagnostics& out_;
};

}  // namespace

const ComponentSpec* Registry::validate(std::string_view kind, const Value& value,
                                        const std::string& path, const InputCheck& inputs,
                                        Diagnostics& out) const {
  return Validator(*this, inputs, out).component(kind, value, path);
}

void Registry::validate_param(const ParamSpec& param, const Value& value, const std::string& path,
                              const InputCheck& inputs, Diagnostics& out) const {
  Validator(*this, inputs, out).param(param, value, path);
}

}  // namespace assay
