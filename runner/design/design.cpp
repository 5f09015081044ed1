#include "runner/design/design.h"

#include "runner/design/reader.h"

namespace assay::design {

struct Design::Impl {
  Sweep sweep;
  std::vector<std::uint64_t> stride;  // of each factor in a raw index; the last runs fastest
  std::vector<std::uint64_t> kept;    // raw indices, where conditions or exclusions thin them out
  std::uint64_t raw = 1;
  bool thinned = false;

  bool applies(const Factor& factor, const std::vector<int>& choice) const {
    return std::all_of(factor.conditions.begin(), factor.conditions.end(), [&](const auto& asked) {
      const auto axis = static_cast<std::size_t>(asked.axis);
      return choice[axis] >= 0 &&
             asked.allows(
                 sweep.axes[axis].values[static_cast<std::size_t>(choice[axis])][asked.path]);
    });
  }

  // Sets `choice` for the raw index of a variant. A factor that does not apply has the digit 0.
  void place(std::uint64_t index, std::vector<int>& choice) const {
    choice.assign(sweep.axes.size(), -1);
    for (std::size_t f = 0; f < sweep.factors.size(); ++f) {
      const Factor& factor = sweep.factors[f];
      if (!factor.conditions.empty() && !applies(factor, choice)) continue;
      for (const auto& [axis, value] : factor.points[index / stride[f] % factor.points.size()])
        choice[static_cast<std::size_t>(axis)] = value;
    }
  }

  bool excluded(const std::vector<int>& choice) const {
    const Expression::Lookup lookup = [&](std::size_t name) -> const Value* {
      const auto [axis, path] = sweep.names[name];
      const int value = choice[axis];
      return value < 0 ? nullptr : &sweep.axes[axis].values[static_cast<std::size_t>(value)][path];
    };
    return std::any_of(sweep.exclude.begin(), sweep.exclude.end(),
                       [&](const auto& condition) { return condition->holds(lookup); });
  }

  // Lists the variants that are left, visiting only those that there are: the axes of conditions
  // that exclude each other add, they do not multiply. False beyond `limit`.
  bool thin(std::size_t f, std::uint64_t index, std::uint64_t limit, std::uint64_t& visited,
            std::vector<int>& choice) {
    if (f == sweep.factors.size()) {
      if (++visited > limit) return false;
      if (!excluded(choice)) kept.push_back(index);
      return true;
    }
    const Factor& factor = sweep.factors[f];
    if (!applies(factor, choice)) return thin(f + 1, index, limit, visited, choice);
    for (std::size_t i = 0; i < factor.points.size(); ++i) {
      for (const auto& [axis, value] : factor.points[i])
        choice[static_cast<std::size_t>(axis)] = value;
      if (!thin(f + 1, index + i * stride[f], limit, visited, choice)) return false;
      for (const auto& set : factor.points[i]) choice[static_cast<std::size_t>(set.first)] = -1;
    }
    return true;
  }

  // Numbers the variants. False where they are too many.
  bool number(std::uint64_t limit) {
    stride.resize(sweep.factors.size());
    for (std::size_t f = sweep.factors.size(); f-- > 0;) {
      const std::uint64_t points = sweep.factors[f].points.size();
      stride[f] = raw;
      if (raw > (std::uint64_t{1} << 62) / points) return false;
      raw *= points;
      thinned = thinned || !sweep.factors[f].conditions.empty();
    }
    thinned = thinned || !sweep.exclude.empty();
    if (!thinned) return raw <= limit;
    std::vector<int> choice(sweep.axes.size(), -1);
    std::uint64_t visited = 0;
    return thin(0, 0, limit, visited, choice);
  }
};

Design Design::parse(const Value* sweep, std::uint64_t study_seed, Diagnostics& out,
                     const std::optional<Axis>& systems) {
  auto impl = std::make_shared<Impl>();
  const std::size_t before = out.count();
  static const Value kNothing(Value::Table{});
  if (!sweep) sweep = &kNothing;
  impl->sweep = read_sweep(*sweep, study_seed, out, systems);
  Design design;
  design.impl_ = impl;
  constexpr std::uint64_t kLimit = 1'000'000'000;
  if (out.count() == before && impl->number(kLimit)) {
    if (impl->thinned && impl->kept.empty())
      out.error(impl->sweep.exclude_where, "the sweep excludes every variant");
    return design;
  }
  if (out.count() == before) out.error(sweep->where, "the sweep has more than 1000000000 variants");
  // One variant stands for the sweep, so that what else is wrong with the study is found too.
  impl->kept.clear();
  impl->thinned = false;
  impl->raw = 1;
  impl->stride.assign(impl->sweep.factors.size(), 1);
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

}  // namespace assay::design
