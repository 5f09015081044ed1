#include "runner/config/curve_place.h"

#include <charconv>
#include <cmath>

namespace assay::config {

namespace {

bool read(std::string_view text, double& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && std::isfinite(out);
}

}  // namespace

std::optional<CurvePlace> curve_place(const std::string& metric, std::string& wrong) {
  const std::size_t at = metric.find('@');
  if (at == std::string::npos) return std::nullopt;
  CurvePlace out{metric.substr(0, at), 0.0, 0.0};
  const std::string_view place = std::string_view(metric).substr(at + 1);
  const std::size_t dots = place.find("..");
  const bool range = dots != std::string_view::npos;
  const bool good =
      range ? read(place.substr(0, dots), out.low) && read(place.substr(dots + 2), out.high)
            : read(place, out.low);
  if (!range) out.high = out.low;
  if (!good)
    wrong = "behind @ stands a step of the curve, as in @500, or two, as in @100..500";
  else if (range && out.low >= out.high)
    wrong = "the steps behind @ must ascend";
  return out;
}

}  // namespace assay::config
