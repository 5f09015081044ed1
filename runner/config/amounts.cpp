#include "runner/config/amounts.h"

#include <charconv>
#include <cmath>
#include <span>

namespace assay::config {

namespace {

struct Unit {
  std::string_view name;
  double size = 1.0;
};

void skip_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
}

// Takes a number and its unit off the front of the text.
std::optional<double> take_amount(std::string_view& text, std::span<const Unit> units) {
  skip_spaces(text);
  // What from_chars takes besides: "inf", "nan", a sign.
  if (text.empty() || text.find_first_of("0123456789.") != 0) return std::nullopt;
  double amount = 0.0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), amount);
  if (wrong != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  skip_spaces(text);
  const std::string_view name = text.substr(0, text.find_first_of(" .0123456789"));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    text.remove_prefix(name.size());
    skip_spaces(text);
    return amount * unit.size;
  }
  return std::nullopt;
}

std::optional<double> if_sound(double amount) {
  if (amount > 0 && std::isfinite(amount)) return amount;
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_memory(std::string_view text) {
  static constexpr Unit kUnits[] = {
      {"B", 1},        {"kB", 1e3},     {"KB", 1e3},   {"MB", 1e6},
      {"GB", 1e9},     {"TB", 1e12},    {"KiB", 1024}, {"MiB", 1024.0 * 1024},
      {"GiB", 0x1p30}, {"TiB", 0x1p40},
  };
  const auto amount = take_amount(text, kUnits);
  return amount && text.empty() ? if_sound(*amount) : std::nullopt;
}

std::optional<double> parse_duration(std::string_view text) {
  static constexpr Unit kUnits[] = {{"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}, {"d", 86400}};
  double sum = 0.0;
  do {
    const auto part = take_amount(text, kUnits);
    if (!part) return std::nullopt;
    sum += *part;
  } while (!text.empty());
  return if_sound(sum);
}

}  // namespace assay::config
