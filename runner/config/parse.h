#pragma once

#include <string>
#include <string_view>

#include "runner/registry/diagnostics.h"
#include "runner/registry/value.h"

namespace assay::config {

// Keeps a source for the rest of the process, so that positions into it stay valid.
const Source* keep_source(std::string name, std::string text);

// TOML text as a Value with the positions of keys and values. A syntax error is reported, and an
// empty table returned. Dates and times are reported as unsupported.
Value parse_text(const Source* source, Diagnostics& out);
// The same for text that must be right: throws StudyError.
Value parse_text(const std::string& name, const std::string& text);
// A one-line TOML value, as Value::text() writes it. Throws StudyError.
Value parse_value(std::string_view text);
// A file; an unreadable one is reported at `blame`.
Value parse_file(const std::string& path, const Position& blame, Diagnostics& out);

}  // namespace assay::config
