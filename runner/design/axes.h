#pragma once

#include <string>
#include <vector>

#include "runner/design/design.h"

namespace assay::design {

// What every form of axis reads in the same way.

// Keys of [sweep] that are forms of axis and not paths.
const std::vector<std::string>& reserved_keys();

// The axes written in `table` (called `name` in messages), nested plain tables flattened to dotted
// paths. Keys listed in `own` are the table's own and left out; other keys without a dot are
// mistakes.
std::vector<Value::Entry> axes_in(const Value& table, const std::string& name,
                                  const std::vector<std::string>& own, Diagnostics& out);

// Reports an axis that is no list, or an empty one.
bool list_of_values(const Value::Entry& entry, Diagnostics& out);

// Equal for values that make the same variant: 1 and 1.0, "x" and { use = "x" }, tables that differ
// in the order of their keys.
std::string setting(const Value& value);

// The paths of an axis joined to its name.
std::string joined(const std::vector<std::string>& paths);

// Fills the labels: scalars as text, components by name, with their parameters where two agree.
void label(Axis& axis);

// `text` for as long as the program runs: diagnostics are shown after the design is gone.
const std::string* keep_note(std::string text);
// Where a value came from: axis "path", value `index` + 1 of `count`.
const std::string* axis_note(const std::string& path, std::size_t index, std::size_t count);

}  // namespace assay::design
