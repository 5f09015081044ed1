#pragma once

#include <optional>
#include <string_view>

namespace assay::config {

// "500 MB", "2GiB" -> bytes. Nothing for what is no amount above 0.
std::optional<double> parse_memory(std::string_view text);
inline constexpr std::string_view kMemoryUnits = "B, kB, MB, GB, TB, KiB, MiB, GiB or TiB";

// "90 s", "1.5h", "1h 30min" -> seconds. Nothing for what is no duration above 0.
std::optional<double> parse_duration(std::string_view text);
inline constexpr std::string_view kDurationUnits = "ms, s, min, h or d";

}  // namespace assay::config
