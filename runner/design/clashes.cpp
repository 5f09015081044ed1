// Two axes may set the same thing where no variant has both of them: in different sub-grids of a
// union, or under conditions that exclude each other. What no condition rules out is a mistake.
#include "runner/design/axes.h"
#include "runner/design/reader.h"

namespace assay::design {

namespace {

class Clashes {
 public:
  Clashes(const Sweep& sweep, Diagnostics& out) : sweep_(sweep), out_(out) {}

  void find() {
    for (std::size_t f = 0; f < sweep_.factors.size(); ++f)
      for (std::size_t g = f + 1; g < sweep_.factors.size(); ++g) same_axis(f, g);
    for (std::size_t a = 0; a < sweep_.axes.size(); ++a)
      for (std::size_t b = 0; b < sweep_.axes.size(); ++b)
        for (std::size_t p = 0; p < sweep_.axes[a].paths.size(); ++p)
          for (std::size_t q = 0; q < sweep_.axes[b].paths.size(); ++q) inside(a, p, b, q);
  }

 private:
  // The values of an axis that conditions leave; axes without an entry are free.
  using Left = std::map<int, std::vector<char>>;

  // False where no value is left that meets the conditions of a factor.
  bool restrict(Left& left, const Factor& factor) const {
    for (const Condition& condition : factor.conditions) {
      const auto& values = sweep_.axes[static_cast<std::size_t>(condition.axis)].values;
      auto& kept = left.try_emplace(condition.axis, values.size(), 1).first->second;
      bool any = false;
      for (std::size_t i = 0; i < values.size(); ++i) {
        kept[i] = kept[i] && condition.allows(values[i][condition.path]);
        any = any || kept[i];
      }
      if (!any) return false;
      if (const Factor* owner = only_factor(condition.axis); owner && owner != &factor)
        if (!restrict(left, *owner)) return false;
    }
    return true;
  }

  const Factor* only_factor(int axis) const {
    const Factor* found = nullptr;
    for (const Factor& factor : sweep_.factors) {
      if (!factor.axes.count(axis)) continue;
      if (found) return nullptr;
      found = &factor;
    }
    return found;
  }

  void same_axis(std::size_t f, std::size_t g) {
    const Factor &first = sweep_.factors[f], &second = sweep_.factors[g];
    for (const auto& [axis, where] : second.axes) {
      const auto other = first.axes.find(axis);
      Left left;
      if (other == first.axes.end() || !restrict(left, first) || !restrict(left, second)) continue;
      out_.error(where, "\"" + sweep_.axes[static_cast<std::size_t>(axis)].name +
                            "\" is set twice: another axis sets it in line " +
                            std::to_string(other->second.line));
    }
  }

  // Does path q of axis b lie inside a component that is a value of path p of axis a?
  void inside(std::size_t a, std::size_t p, std::size_t b, std::size_t q) {
    const std::string prefix = sweep_.axes[a].paths[p] + ".", &path = sweep_.axes[b].paths[q];
    if (path.size() <= prefix.size() || path.compare(0, prefix.size(), prefix) != 0) return;
    for (std::size_t i = 0; i < sweep_.axes[a].values.size(); ++i) {
      const Value* held = sweep_.axes[a].values[i][p].at_path(path.substr(prefix.size()));
      if (held && together(a, i, b, q))
        out_.error(held->where, "\"" + path + "\" is set twice: the axis in line " +
                                    std::to_string(sweep_.axes[b].where[q].line) + " sets it too");
    }
  }

  // Is there a variant in which axis a has its value i and axis b sets its path q?
  bool together(std::size_t a, std::size_t i, std::size_t b, std::size_t q) const {
    if (a == b) return !sweep_.axes[a].values[i][q].none();
    const auto first = static_cast<int>(a), second = static_cast<int>(b);
    for (const Factor& f : sweep_.factors) {
      if (!f.axes.count(first)) continue;
      for (const Factor& g : sweep_.factors) {
        if (!g.axes.count(second)) continue;
        Left left;
        left[first].assign(sweep_.axes[a].values.size(), 0);
        left[first][i] = 1;
        if (&f == &g ? same_point(f, first, static_cast<int>(i), second)
                     : restrict(left, f)&& restrict(left, g))
          return true;
      }
    }
    return false;
  }

  static bool same_point(const Factor& factor, int axis, int value, int other) {
    return std::any_of(factor.points.begin(), factor.points.end(), [&](const auto& point) {
      const auto has = [&](const auto& wanted) {
        return std::any_of(point.begin(), point.end(), wanted);
      };
      return has([&](const auto& set) { return set.first == axis && set.second == value; }) &&
             has([&](const auto& set) { return set.first == other; });
    });
  }

  const Sweep& sweep_;
  Diagnostics& out_;
};

}  // namespace

void find_clashes(const Sweep& sweep, Diagnostics& out) {
  Clashes(sweep, out).find();
}

}  // namespace assay::design
