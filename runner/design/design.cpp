#include "runner/design/design.h"

#include "runner/design/reader.h"

namespace assay::design {

namespace {

// Does the condition of a `when` block hold for the axes chosen so far?
bool applies(const Factor& factor, const std::vector<Axis>& axes, const std::vector<int>& choice) {
  for (const Condition& condition : factor.conditions) {
    const auto axis = static_cast<std::size_t>(condition.axis);
    if (choice[axis] < 0) return false;
    const Value& value = axes[axis].values[static_cast<std::size_t>(choice[axis])][condition.path];
    const bool holds =
        std::any_of(condition.allowed.begin(), condition.allowed.end(), [&](const Value& wanted) {
          if (!wanted.component_name().empty())
            return wanted.component_name() == value.component_name();
          if (wanted.is_number() && value.is_number()) return wanted.number() == value.number();
          return wanted == value;
        });
    if (!holds) return false;
  }
  return true;
}

}  // namespace

struct Design::Impl {
  Sweep sweep;
  std::vector<std::uint64_t> kept;  // raw indices, where conditions or exclusions thin them out
  std::uint64_t raw = 1;
  bool thinned = false;

  // Sets `choice` for a raw index (mixed radix over the factors, the last runs fastest). False
  // where this index stands for nothing.
  bool place(std::uint64_t index, std::vector<int>& choice) const {
    choice.assign(sweep.axes.size(), -1);
    std::vector<std::size_t> digits(sweep.factors.size());
    for (std::size_t f = sweep.factors.size(); f-- > 0;) {
      digits[f] = index % sweep.factors[f].points.size();
      index /= sweep.factors[f].points.size();
    }
    for (std::size_t f = 0; f < digits.size(); ++f) {
      const Factor& factor = sweep.factors[f];
      if (!applies(factor, sweep.axes, choice)) {
        if (digits[f] != 0) return false;
        continue;
      }
      for (const auto& [axis, value] : factor.points[digits[f]])
        choice[static_cast<std::size_t>(axis)] = value;
    }
    return !excluded(choice);
  }

  bool excluded(const std::vector<int>& choice) const {
    const auto lookup = [&](std::size_t name) -> const Value* {
      const auto [axis, path] = sweep.names[name];
      const int value = choice[axis];
      return value < 0 ? nullptr : &sweep.axes[axis].values[static_cast<std::size_t>(value)][path];
    };
    return std::any_of(sweep.exclude.begin(), sweep.exclude.end(),
                       [&](const auto& condition) { return condition->holds(lookup); });
  }
};

Design Design::parse(const Value* sweep, std::uint64_t study_seed, Diagnostics& out) {
  auto impl = std::make_shared<Impl>();
  const std::size_t before = out.count();
  if (sweep) impl->sweep = read_sweep(*sweep, study_seed, out);
  Design design;
  design.impl_ = impl;
  if (out.count() != before) return design;
  constexpr std::uint64_t kLimit = 1'000'000'000;
  for (const Factor& factor : impl->sweep.factors) {
    impl->raw *= factor.points.size();
    impl->thinned = impl->thinned || !factor.conditions.empty();
    if (impl->raw > kLimit) {
      out.error(sweep->where, "the sweep has more than 1000000000 variants");
      impl->raw = 1;
      return design;
    }
  }
  impl->thinned = impl->thinned || !impl->sweep.exclude.empty();
  if (!impl->thinned) return design;
  std::vector<int> choice;
  for (std::uint64_t i = 0; i < impl->raw; ++i)
    if (impl->place(i, choice)) impl->kept.push_back(i);
  if (impl->kept.empty()) out.error(sweep->where, "the sweep excludes every variant");
  return design;
}

const std::vector<Axis>& Design::axes() const {
  static const std::vector<Axis> kNone;
  return impl_ ? impl_->sweep.axes : kNone;
}

std::uint64_t Design::size() const {
  if (!impl_) return 1;
  return impl_->thinned ? impl_->kept.size() : impl_->raw;
}

void Design::decode(std::uint64_t i, std::vector<int>& out) const {
  out.clear();
  if (!impl_) return;
  impl_->place(impl_->thinned ? impl_->kept.at(i) : i, out);
}

void Design::for_each(const Visit& visit) const {
  std::vector<int> choice;
  const std::uint64_t n = size();
  for (std::uint64_t i = 0; i < n; ++i) {
    decode(i, choice);
    if (!visit(i, choice)) return;
  }
}

bool Design::full_grid() const {
  if (!impl_) return true;
  std::uint64_t all = 1;
  for (const Axis& axis : impl_->sweep.axes) all *= axis.values.size();
  return !impl_->thinned && all == impl_->raw;
}

}  // namespace assay::design
