#pragma once

#include <string_view>

namespace assay::config {

// The byte of a TOML text where a key gets more than 30 parts; npos where none does. toml++ nests
// such keys without limit, by calling itself, until the stack is at its end.
std::size_t find_long_key(std::string_view text);

}  // namespace assay::config
