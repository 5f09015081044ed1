#pragma once

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include "runner/registry/value.h"

namespace assay::testing {

// CHECKs that a property holds for random arguments; a counterexample is shrunk and printed. The
// seed is fixed, so that a failure is one for everybody; RC_PARAMS="seed=…" looks elsewhere.
template <class Property>
void holds(const std::string& what, const Property& property) {
  static const bool fixed = setenv("RC_PARAMS", "seed=1", 0) == 0;
  CHECK(fixed);
  CHECK(rc::check(what, property));
}

inline std::string any_text() {
  return *rc::gen::container<std::string>(
      rc::gen::oneOf(rc::gen::inRange('a', 'e'),
                     rc::gen::element('"', '\\', '\n', '\t', '.', ' ', '#', '\'', '\x01', '\x7f')));
}

// Any value that TOML can write: nested tables and arrays, odd keys, extreme numbers.
inline Value any_value(int depth = 3) {
  switch (*rc::gen::inRange(0, depth > 0 ? 6 : 4)) {
    case 0:
      return Value(*rc::gen::arbitrary<bool>());
    case 1:
      return Value(*rc::gen::arbitrary<std::int64_t>());
    case 2:
      return Value(*rc::gen::arbitrary<double>());
    case 3:
      return Value(any_text());
    case 4: {
      Value::Array items;
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) items.push_back(any_value(depth - 1));
      return Value(std::move(items));
    }
    default: {
      Value out = Value::Table{};
      for (int i = *rc::gen::inRange(0, 4); i > 0; --i) out.set(any_text(), any_value(depth - 1));
      return out;
    }
  }
}

}  // namespace assay::testing
