#include "runner/explain/bits.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace assay::explain {

namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

// NaN is equal to the same NaN here, and 0 is not -0.
bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

BitDifference apart(std::string what, double a, double b) {
  const double distance = std::abs(a - b);
  return {std::move(what), number_text(a), number_text(b),
          std::isfinite(distance) ? distance : kFar};
}

template <class Item>
const Item* named(const std::vector<Item>& items, const std::string& name) {
  for (const Item& item : items)
    if (item.name == name) return &item;
  return nullptr;
}

void compare(const Measured& a, const Measured& b, std::vector<BitDifference>& out) {
  if (!same(a.value, b.value)) out.push_back(apart(a.name, a.value, b.value));
}

void compare(const Curve& a, const Curve& b, std::vector<BitDifference>& out) {
  const std::size_t n = std::min(a.step.size(), b.step.size());
  for (std::size_t i = 0; i < n; ++i) {
    const std::string what = a.name + " at step " + number_text(a.step[i]);
    if (!same(a.step[i], b.step[i])) {
      out.push_back(
          {what, "step " + number_text(a.step[i]), "step " + number_text(b.step[i]), kFar});
      return;
    }
    if (!same(a.value[i], b.value[i])) {
      out.push_back(apart(what, a.value[i], b.value[i]));
      return;
    }
  }
  if (a.step.size() != b.step.size())
    out.push_back({a.name, std::to_string(a.step.size()) + " points",
                   std::to_string(b.step.size()) + " points", kFar});
}

template <class Item>
void compare_all(const std::vector<Item>& before, const std::vector<Item>& after,
                 std::vector<BitDifference>& out) {
  for (const Item& a : before) {
    if (const Item* b = named(after, a.name))
      compare(a, *b, out);
    else
      out.push_back({a.name, "there", "absent", kFar});
  }
  for (const Item& b : after)
    if (!named(before, b.name)) out.push_back({b.name, "absent", "there", kFar});
}

std::string state_text(const store::CellRecord& record) {
  if (record.status == store::Status::kDone) return "done";
  return "failed in " + record.failed_stage + ": " + record.message;
}

template <class Map>
std::string map_difference(const Map& before, const Map& after) {
  for (const auto& [name, value] : before) {
    const auto it = after.find(name);
    if (it == after.end() || !(it->second == value)) return name;
  }
  for (const auto& [name, value] : after)
    if (!before.contains(name)) return name;
  return {};
}

}  // namespace

std::vector<BitDifference> bit_differences(const store::CellRecord& before,
                                           const store::CellRecord& after) {
  std::vector<BitDifference> out;
  const std::string a = state_text(before), b = state_text(after);
  if (a != b) out.push_back({"state", a, b, kFar});
  compare_all(before.metrics, after.metrics, out);
  compare_all(before.curves, after.curves, out);
  return out;
}

std::string archive_difference(const Archive& before, const Archive& after) {
  const std::string array = map_difference(before.arrays(), after.arrays());
  return array.empty() ? map_difference(before.texts(), after.texts()) : array;
}

std::string stage_of(const BitDifference& difference) {
  return difference.what.substr(0, difference.what.find('.'));
}

}  // namespace assay::explain
