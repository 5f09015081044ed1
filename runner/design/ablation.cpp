#include "runner/design/ablation.h"

#include <algorithm>
#include <bit>
#include <stdexcept>
#include <unordered_set>

namespace assay::design {

namespace {

Subset bit(int part) {
  return Subset{1} << part;
}

void keep_distinct(std::vector<Subset>& subsets) {
  std::unordered_set<Subset> seen;
  std::erase_if(subsets, [&](Subset one) { return !seen.insert(one).second; });
}

void add_path(const std::vector<int>& order, std::vector<Subset>& out) {
  Subset left = full_system(static_cast<int>(order.size()));
  out.push_back(left);
  for (const int part : order) out.push_back(left &= ~bit(part));
}

}  // namespace

Subset full_system(int parts) {
  if (parts < 1 || parts > kMostParts) throw std::invalid_argument("parts of an ablation: 1 to 62");
  return bit(parts) - 1;
}

AblationPoints leave_one_out(int parts) {
  AblationPoints out{{full_system(parts)}, {}, {}};
  for (int i = 0; i < parts; ++i) out.subsets.push_back(out.subsets[0] & ~bit(i));
  return out;
}

AblationPoints add_one_in(int parts) {
  AblationPoints out{{full_system(parts), 0}, {}, {}};
  for (int i = 0; i < parts; ++i) out.subsets.push_back(bit(i));
  keep_distinct(out.subsets);  // of one part, the full system is that part
  return out;
}

AblationPoints removal_path(const std::vector<int>& order) {
  AblationPoints out;
  add_path(order, out.subsets);
  out.orders = {order};
  return out;
}

AblationPoints pairs(int parts) {
  AblationPoints out = leave_one_out(parts);
  for (int i = 0; i < parts; ++i)
    for (int j = i + 1; j < parts; ++j)
      out.subsets.push_back(full_system(parts) & ~bit(i) & ~bit(j));
  return out;
}

AblationPoints full_factorial(int parts) {
  const Subset full = full_system(parts);
  if (parts > kMostFactors) throw std::invalid_argument("a full factorial has 20 parts at most");
  AblationPoints out;
  for (Subset removed = 0; removed <= full; ++removed) out.subsets.push_back(full & ~removed);
  return out;
}

AblationPoints any_path(int parts) {
  AblationPoints out = full_factorial(parts);
  std::stable_sort(out.subsets.begin(), out.subsets.end(),
                   [](Subset a, Subset b) { return std::popcount(a) > std::popcount(b); });
  return out;
}

namespace {

// Looks for generators: part `basic` + j is absent where an odd number of the basic parts in
// generator j are. The words, and all their products, must hold `resolution` parts or more.
class Generators {
 public:
  Generators(int parts, int basic, int resolution)
      : parts_(parts),
        basic_(basic),
        resolution_(resolution) {}

  bool find() { return extend(0, 0); }
  const std::vector<Subset>& chosen() const { return chosen_; }
  // Every product of words; without the empty one.
  std::vector<Subset> words() const { return {span_.begin() + 1, span_.end()}; }

 private:
  // Generators in rising order: their order does not matter.
  bool extend(int added, Subset least) {
    if (basic_ + added == parts_) return true;
    for (Subset generator = least; generator < bit(basic_); ++generator) {
      if (std::popcount(generator) + 1 < resolution_) continue;
      const Subset word = generator | bit(basic_ + added);
      const std::size_t before = span_.size();
      if (!fits(word)) continue;
      for (std::size_t i = 0; i < before; ++i) span_.push_back(span_[i] ^ word);
      chosen_.push_back(generator);
      if (extend(added + 1, generator + 1)) return true;
      chosen_.pop_back();
      span_.resize(before);
    }
    return false;
  }

  bool fits(Subset word) const {
    return std::all_of(span_.begin(), span_.end(), [&](Subset product) {
      return std::popcount(product ^ word) >= resolution_;
    });
  }

  int parts_, basic_, resolution_;
  std::vector<Subset> chosen_;
  std::vector<Subset> span_{0};
};

}  // namespace

AblationPoints fractional_factorial(int parts, int resolution) {
  const Subset full = full_system(parts);
  for (int basic = 1; basic < parts && basic <= kMostFactors; ++basic) {
    Generators generators(parts, basic, resolution);
    if (!generators.find()) continue;
    AblationPoints out;
    for (Subset removed = 0; removed < bit(basic); ++removed) {
      Subset absent = removed;
      for (std::size_t j = 0; j < generators.chosen().size(); ++j)
        if (std::popcount(removed & generators.chosen()[j]) % 2 == 1)
          absent |= bit(basic + static_cast<int>(j));
      out.subsets.push_back(full & ~absent);
    }
    out.words = generators.words();
    return out;
  }
  return full_factorial(parts);
}

AblationPoints shapley(int parts, int permutations, Stream stream) {
  if (parts <= kMostExact) return full_factorial(parts);
  AblationPoints out;
  for (int i = 0; i < permutations; ++i) {
    std::vector<int> order = stream.permutation(parts);
    std::vector<int> reversed(order.rbegin(), order.rend());
    for (auto* one : {&order, &reversed}) {
      add_path(*one, out.subsets);
      out.orders.push_back(std::move(*one));
    }
  }
  keep_distinct(out.subsets);
  return out;
}

}  // namespace assay::design
