#include "runner/analyse/multiplicity.h"

#include <algorithm>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace assay::analyse {

namespace {

std::vector<std::size_t> ascending(std::span<const double> p) {
  for (const double value : p) {
    if (value >= 0.0 && value <= 1.0) continue;
    std::ostringstream message;
    message << "p = " << value << " is out of range; allowed: 0 to 1";
    throw std::runtime_error(message.str());
  }
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  return order;
}

}  // namespace

std::vector<double> holm(std::span<const double> p) {
  const std::vector<std::size_t> order = ascending(p);
  std::vector<double> out(p.size());
  double largest = 0.0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    largest = std::max(largest, static_cast<double>(order.size() - i) * p[order[i]]);
    out[order[i]] = std::min(1.0, largest);
  }
  return out;
}

std::vector<double> benjamini_hochberg(std::span<const double> p) {
  const std::vector<std::size_t> order = ascending(p);
  const auto count = static_cast<double>(order.size());
  std::vector<double> out(p.size());
  double smallest = 1.0;
  for (std::size_t i = order.size(); i-- > 0;) {
    smallest = std::min(smallest, count / static_cast<double>(i + 1) * p[order[i]]);
    out[order[i]] = smallest;
  }
  return out;
}

}  // namespace assay::analyse
