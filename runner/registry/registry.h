#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "runner/registry/component.h"
#include "runner/registry/diagnostics.h"
#include "runner/registry/params.h"

namespace assay {

// Everything that the runner knows of a registered component.
struct ComponentSpec {
  std::string kind;
  std::string name;
  int version = 1;
  std::string summary;
  std::string reference;
  bool draws = false;
  std::string example;     // parameters of a small configuration, as TOML
  bool surrogate = false;  // its gradient is no derivative
  std::string better;      // of a metric: "higher" or "lower"; empty: neither is
  std::string neutral;     // what stands in its place where it is removed, as TOML
  bool has_check = false;
  std::string gives;        // artifact type, of a stage
  bool checkpoint = false;  // of a stage: its artifact is worth keeping on disk
  std::string file;         // source file that registers it
  std::vector<ParamSpec> params;
  std::shared_ptr<Component> (*make)() = nullptr;

  const ParamSpec* param(std::string_view name) const;
  std::vector<std::string> param_names() const;
  // { use = "name", … } with the example's parameters.
  std::string example_text() const;
};

// A validated component or parameter in canonical form: defaults filled in, declared order,
// `not_in_key` and unchanged `since` parameters left out.
struct Canonical {
  std::string text;
  bool draws = false;
  bool surrogate = false;  // as ComponentSpec has it, of this or of a component inside
};

// Called for a parameter that names a stage: says whether the name and its artifact type fit, in
// the form of an error text (empty where they do).
using InputCheck = std::function<std::string(const std::string& stage, const std::string& type)>;

// All components, by kind and name. Filled before main() by ASSAY_REGISTER and by plugins.
class Registry {
 public:
  static Registry& global();

  // A name registered twice keeps the first; the clash is remembered, naming both files. The
  // command refuses to start with one, a plugin that brings one is refused.
  void add(ComponentSpec spec);
  std::vector<std::string> take_duplicates() { return std::exchange(duplicates_, {}); }

  std::vector<std::string> kinds() const;
  std::vector<std::string> names(std::string_view kind) const;
  std::vector<const ComponentSpec*> all(std::string_view kind) const;
  const ComponentSpec* find(std::string_view kind, std::string_view name) const;

  // Checks a component ("name" or { use = "name", … }) and everything inside it, reporting every
  // mistake; `path` names it in messages. Null where `use` itself is wrong.
  const ComponentSpec* validate(std::string_view kind, const Value& value, const std::string& path,
                                const InputCheck& inputs, Diagnostics& out) const;
  void validate_param(const ParamSpec& param, const Value& value, const std::string& path,
                      const InputCheck& inputs, Diagnostics& out) const;

  // These require a validated value.
  Canonical canonical(std::string_view kind, const Value& value) const;
  Canonical canonical_param(const ParamSpec& param, const Value& value) const;
  // { use = …, every parameter with its default }.
  Value filled(std::string_view kind, const Value& value) const;
  // Throws std::runtime_error where the value does not validate.
  std::shared_ptr<const Component> build(std::string_view kind, const Value& value) const;
  template <class K>
  std::shared_ptr<const K> build(const Value& value) const {
    return std::dynamic_pointer_cast<const K>(build(K::kKind, value));
  }

 private:
  std::map<std::string, std::map<std::string, ComponentSpec, std::less<>>, std::less<>> kinds_;
  std::vector<std::string> duplicates_;
};

// The kinds that Assay knows, in the order in which lists show them.
std::span<const std::string_view> known_kinds();

// True for a value that says "nothing here" for an optional parameter.
bool is_absent(const Value& value);

template <class K, class T>
bool register_component(const char* file) {
  ComponentSpec spec;
  spec.kind = K::kKind;
  spec.name = T::kInfo.name;
  spec.version = T::kInfo.version;
  spec.summary = T::kInfo.summary;
  spec.reference = T::kInfo.reference;
  spec.draws = T::kInfo.draws;
  if constexpr (requires { T::kExample; }) spec.example = T::kExample;
  if constexpr (requires { T::kSurrogate; }) spec.surrogate = T::kSurrogate;
  if constexpr (requires { T::kBetter; }) spec.better = T::kBetter;
  if constexpr (requires { T::kNeutral; }) spec.neutral = T::kNeutral;
  spec.has_check = !std::is_same_v<decltype(&T::check), std::string (Component::*)() const>;
  if constexpr (requires { T::Gives::kType; }) spec.gives = T::Gives::kType;
  if constexpr (requires { T::kCheckpoint; }) spec.checkpoint = T::kCheckpoint;
  spec.file = file;
  if constexpr (requires(Params<T> & p) { T::params(p); }) {
    Params<T> params(spec.params);
    T::params(params);
  }
  spec.make = []() -> std::shared_ptr<Component> { return std::make_shared<T>(); };
  Registry::global().add(std::move(spec));
  return true;
}

}  // namespace assay

// Registers a component before main(). At file scope, once for each component.
#define ASSAY_REGISTER(Kind, Type)                             \
  [[maybe_unused]] static const bool assay_registered_##Type = \
      ::assay::register_component<Kind, Type>(__FILE__)
