#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "runner/registry/value.h"

namespace assay {

struct ComponentSpec;

// What a component says of itself. Raise `version` in the change that alters its results: it is
// part of every key. `draws` says that it takes random numbers, so that results differ by seed.
struct Info {
  std::string_view name;
  int version = 1;
  std::string_view summary;
  std::string_view reference = {};
  bool draws = false;
};

// Beside kInfo a component may say
//   static constexpr std::string_view kExample = "hidden = [8]";  // a small configuration that
//   runs static constexpr bool kSurrogate = true;  // its gradient stands in for the derivative
//   static constexpr std::string_view kNeutral = "{ use = \"always-open\" }";
// of which the first serves documentation and contract tests, the second tells tests that
// differences cannot confirm the gradient (a rounding passed straight through), and the third is
// what an ablation puts in its place: TOML, or "@name", the component that it holds as that
// parameter. A kind's interface declares one for all its components; where there is neither, the
// study must say what stands in.

// Base of everything that a study can name. A component is immutable once built: what is learnt or
// computed lives in artifacts, never in the component, so one object may serve many threads.
class Component {
 public:
  Component() = default;
  Component(const Component&) = default;
  Component(Component&&) = default;
  Component& operator=(const Component&) = default;
  Component& operator=(Component&&) = default;
  virtual ~Component() = default;

  // A constraint between parameters: empty where it holds, else what is wrong and what is allowed.
  virtual std::string check() const { return {}; }

  const ComponentSpec& spec() const { return *spec_; }
  // Canonical configuration { use = "name", … } with every default filled in.
  const Value& config() const { return config_; }

 private:
  friend class Registry;
  const ComponentSpec* spec_ = nullptr;
  Value config_;
};

// A parameter that is itself a component of kind K. `Slot<Router> router{"topk-softmax"}` has that
// component as default; a Slot without a name is empty by default (`"none"` in a study).
template <class K>
class Slot {
 public:
  Slot() = default;
  explicit Slot(std::string_view default_name) : default_name_(default_name) {}

  explicit operator bool() const { return object_ != nullptr; }
  const K& operator*() const { return *object_; }
  const K* operator->() const { return object_.get(); }
  const std::string& default_name() const { return default_name_; }
  void set(std::shared_ptr<const K> object) { object_ = std::move(object); }

 private:
  std::string default_name_;
  std::shared_ptr<const K> object_;
};

// A stage parameter that names another stage, whose artifact of type A it takes.
template <class A>
class Input {
 public:
  explicit operator bool() const { return !stage_.empty(); }
  const std::string& stage() const { return stage_; }
  void set(std::string stage) { stage_ = std::move(stage); }

 private:
  std::string stage_;
};

}  // namespace assay
