#pragma once

// Declaring parameters, once. The type and the default come from the member's initialiser; range,
// unit, sentence and source from the declaration. Parsing, validation, sweeps, keys, `assay
// describe` and the documentation all read what is declared here.

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "runner/registry/component.h"
#include "runner/registry/value.h"

namespace assay {

enum class ParamType { kBoolean, kInteger, kNumber, kText, kChoice, kComponent, kInput };

struct ParamSpec {
  std::string name;
  ParamType type = ParamType::kNumber;
  bool list = false;
  bool optional = false;  // may be absent; written "none" where an axis removes it
  bool required = false;
  bool in_key = true;
  int since = 0;  // component version that added it; absent from keys while at its default
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
  std::size_t min_count = 0;  // of a list
  std::string unit;
  std::string doc;
  std::string source;                // equation or section that the default comes from
  std::string target;                // kind of a component, artifact type of an input
  std::vector<std::string> choices;  // of an enum
  Value fallback;                    // the default; none where optional or required
  Value neutral;                     // at which it does nothing; none where it has no such value

  // Writes a validated value into a component. Components inside are built already.
  using Built = std::vector<std::shared_ptr<const Component>>;
  std::function<void(Component&, const Value&, const Built&)> assign;

  // "1 to 1024 experts", "above 0", "one of a, b": what a user may write.
  std::string allowed() const;
};

namespace detail {

template <class M>
struct ParamTraits;

template <class M>
struct Unwrap {
  using type = M;
  static constexpr bool kList = false, kOptional = false;
};
template <class M>
struct Unwrap<std::vector<M>> {
  using type = M;
  static constexpr bool kList = true, kOptional = false;
};
template <class M>
struct Unwrap<std::optional<M>> {
  using type = M;
  static constexpr bool kList = false, kOptional = true;
};

template <class M>
struct IsSlot : std::false_type {};
template <class K>
struct IsSlot<Slot<K>> : std::true_type {
  using kind = K;
};
template <class M>
struct IsInput : std::false_type {};
template <class A>
struct IsInput<Input<A>> : std::true_type {
  using artifact = A;
};

template <class M>
constexpr ParamType param_type() {
  if constexpr (std::is_same_v<M, bool>)
    return ParamType::kBoolean;
  else if constexpr (std::is_integral_v<M>)
    return ParamType::kInteger;
  else if constexpr (std::is_floating_point_v<M>)
    return ParamType::kNumber;
  else if constexpr (std::is_same_v<M, std::string>)
    return ParamType::kText;
  else if constexpr (std::is_enum_v<M>)
    return ParamType::kChoice;
  else if constexpr (IsSlot<M>::value)
    return ParamType::kComponent;
  else {
    static_assert(IsInput<M>::value, "parameters are bool, number, string, enum, Slot or Input");
    return ParamType::kInput;
  }
}

// The shortest decimal of a float is what its author wrote; going through double would not be.
std::string float_text(float value);

template <class M>
Value to_value(const M& member, const std::vector<std::string>& choices) {
  if constexpr (std::is_same_v<M, bool>)
    return Value(member);
  else if constexpr (std::is_integral_v<M>)
    return Value(static_cast<std::int64_t>(member));
  else if constexpr (std::is_same_v<M, float>)
    return Value(std::stod(float_text(member)));
  else if constexpr (std::is_floating_point_v<M>)
    return Value(static_cast<double>(member));
  else if constexpr (std::is_same_v<M, std::string>)
    return Value(member);
  else if constexpr (std::is_enum_v<M>) {
    const auto index = static_cast<std::size_t>(member);
    return index < choices.size() ? Value(choices[index]) : Value();
  } else if constexpr (IsSlot<M>::value) {
    return member.default_name().empty() ? Value() : Value(member.default_name());
  } else
    return Value();
}

template <class M>
M from_value(const Value& value, const std::vector<std::string>& choices,
             const std::shared_ptr<const Component>& built) {
  if constexpr (std::is_same_v<M, bool>)
    return value.boolean();
  else if constexpr (std::is_integral_v<M>)
    return static_cast<M>(value.integer());
  else if constexpr (std::is_floating_point_v<M>)
    return static_cast<M>(value.number());
  else if constexpr (std::is_same_v<M, std::string>)
    return value.string();
  else if constexpr (std::is_enum_v<M>) {
    for (std::size_t i = 0; i < choices.size(); ++i)
      if (choices[i] == value.string()) return static_cast<M>(i);
    return M{};
  } else if constexpr (IsSlot<M>::value) {
    M slot;
    slot.set(std::dynamic_pointer_cast<const typename IsSlot<M>::kind>(built));
    return slot;
  } else {
    M input;
    input.set(value.string());
    return input;
  }
}

}  // namespace detail

// Refines the declaration that Params::add began.
class ParamBuilder {
 public:
  explicit ParamBuilder(ParamSpec& spec) : spec_(spec) {}
  ParamBuilder& range(double low, double high) {
    spec_.low = low, spec_.high = high;
    return *this;
  }
  ParamBuilder& at_least(double low) { return spec_.low = low, *this; }
  ParamBuilder& above(double low) { return spec_.low = low, spec_.low_open = true, *this; }
  ParamBuilder& at_most(double high) { return spec_.high = high, *this; }
  ParamBuilder& below(double high) { return spec_.high = high, spec_.high_open = true, *this; }
  ParamBuilder& unit(std::string_view unit) { return spec_.unit = unit, *this; }
  ParamBuilder& doc(std::string_view doc) { return spec_.doc = doc, *this; }
  ParamBuilder& source(std::string_view source) { return spec_.source = source, *this; }
  ParamBuilder& required() {
    return spec_.required = true, spec_.optional = false, spec_.fallback = Value(), *this;
  }
  ParamBuilder& optional() { return spec_.optional = true, spec_.required = false, *this; }
  ParamBuilder& min_count(std::size_t count) { return spec_.min_count = count, *this; }
  // What an ablation sets it to when it is removed.
  ParamBuilder& neutral(Value value) { return spec_.neutral = std::move(value), *this; }
  ParamBuilder& not_in_key() { return spec_.in_key = false, *this; }
  ParamBuilder& since(int version) { return spec_.since = version, *this; }

 private:
  ParamSpec& spec_;
};

template <class T>
class Params {
 public:
  explicit Params(std::vector<ParamSpec>& out) : out_(out) {}

  template <class M, class Owner>
  ParamBuilder add(std::string_view name, M Owner::*member) {
    return declare(name, member, {});
  }
  // Names of an enum's values, in the order of the enumerators (which count from 0).
  template <class M, class Owner>
  ParamBuilder add(std::string_view name, M Owner::*member,
                   std::initializer_list<std::string_view> choices) {
    return declare(name, member, {choices.begin(), choices.end()});
  }
  template <class M, class Owner>
  ParamBuilder add(std::string_view name, M Owner::*member,
                   std::span<const std::string_view> choices) {
    return declare(name, member, {choices.begin(), choices.end()});
  }

 private:
  template <class M, class Owner>
  ParamBuilder declare(std::string_view name, M Owner::*member, std::vector<std::string> choices) {
    using Outer = detail::Unwrap<M>;
    using Inner = typename Outer::type;
    ParamSpec spec;
    spec.name = name;
    spec.type = detail::param_type<Inner>();
    spec.list = Outer::kList;
    spec.optional = Outer::kOptional;
    spec.choices = choices;
    if constexpr (detail::IsSlot<Inner>::value) {
      spec.target = detail::IsSlot<Inner>::kind::kKind;
      if constexpr (!Outer::kList)
        spec.optional = spec.optional || (T{}.*member).default_name().empty();
    }
    if constexpr (detail::IsInput<Inner>::value) {
      spec.target = detail::IsInput<Inner>::artifact::kType;
      spec.required = !Outer::kList && !Outer::kOptional;
    }
    spec.fallback = default_of<Outer>(T{}.*member, choices);
    spec.assign = [member, choices](Component& component, const Value& value,
                                    const ParamSpec::Built& built) {
      Owner& owner = static_cast<T&>(component);
      assign<Outer>(owner.*member, value, choices, built);
    };
    return ParamBuilder(out_.emplace_back(std::move(spec)));
  }

  template <class Outer, class M>
  static Value default_of(const M& member, const std::vector<std::string>& choices) {
    if constexpr (Outer::kList) {
      Value::Array items;
      for (const auto& item : member)
        items.push_back(detail::to_value<typename Outer::type>(item, choices));
      return Value(std::move(items));
    } else if constexpr (Outer::kOptional) {
      return member ? detail::to_value(*member, choices) : Value();
    } else {
      return detail::to_value(member, choices);
    }
  }

  template <class Outer, class M>
  static void assign(M& member, const Value& value, const std::vector<std::string>& choices,
                     const ParamSpec::Built& built) {
    using Inner = typename Outer::type;
    if constexpr (Outer::kList) {
      member.clear();
      for (std::size_t i = 0; i < value.array().size(); ++i)
        member.push_back(detail::from_value<Inner>(value.array()[i], choices,
                                                   i < built.size() ? built[i] : nullptr));
    } else {
      if (value.none())
        member = M{};
      else
        member = detail::from_value<Inner>(value, choices, built.empty() ? nullptr : built[0]);
    }
  }

  std::vector<ParamSpec>& out_;
};

}  // namespace assay
