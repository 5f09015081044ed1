// Which entries of a table are the best of their group, and which are not shown to be worse.
#include <algorithm>
#include <cmath>
#include <map>
#include <unordered_map>

#include "runner/analyse/intervals.h"
#include "runner/analyse/multiplicity.h"
#include "runner/analyse/paired.h"
#include "runner/analyse/power.h"
#include "runner/report/table.h"

namespace assay::report {

namespace {

using analyse::Alternative;

// Numbers drawn here, where any are: the same whenever a table is made.
Stream drawn(const char* purpose) {
  return {0, 0, "table", purpose};
}

void summarise(Table::Entry& entry, Spread spread) {
  std::vector<double> values;
  for (const Table::Cell& cell : entry.cells)
    if (cell.value) values.push_back(*cell.value);
  entry.summary = analyse::summarise(values);
  Stream stream = drawn("resamples");
  entry.interval = spread == Spread::kBca
                       ? analyse::bca_interval(values, analyse::Centre::kMean, 0.95, stream)
                       : analyse::t_interval(values);
}

// One value a replicate: the mean of its cells, where all of them have one.
std::unordered_map<std::uint64_t, double> by_replicate(const Table::Entry& entry) {
  struct Sum {
    double sum = 0.0;
    std::size_t count = 0;
    bool whole = true;
  };
  std::unordered_map<std::uint64_t, Sum> sums;
  for (const Table::Cell& cell : entry.cells) {
    Sum& one = sums[cell.replicate];
    one.whole = one.whole && cell.value;
    one.sum += cell.value.value_or(0.0);
    ++one.count;
  }
  std::unordered_map<std::uint64_t, double> out;
  for (const auto& [replicate, one] : sums)
    if (one.whole) out[replicate] = one.sum / static_cast<double>(one.count);
  return out;
}

// In the order of the other's cells, so that bits do not depend on that of a hash table.
std::vector<double> differences(const Table::Entry& best, const Table::Entry& other) {
  const auto of_best = by_replicate(best);
  auto of_other = by_replicate(other);
  std::vector<double> out;
  for (const Table::Cell& cell : other.cells) {
    const auto mine = of_other.find(cell.replicate);
    const auto theirs = of_best.find(cell.replicate);
    if (mine == of_other.end() || theirs == of_best.end()) continue;
    out.push_back(theirs->second - mine->second);
    of_other.erase(mine);
  }
  return out;
}

// The common seeds that would let all comparisons be decided, where they do not; else 0.
std::size_t judge_group(const std::vector<Table::Entry*>& group, Best best, double alpha) {
  if (best == Best::kNone || group.size() < 2) return 0;
  const auto worse = [&](const Table::Entry* a, const Table::Entry* b) {
    return best == Best::kHighest ? a->summary.mean < b->summary.mean
                                  : a->summary.mean > b->summary.mean;
  };
  // Where all means are equal none of them is the best.
  const bool any = std::any_of(group.begin(), group.end(), [&](const Table::Entry* entry) {
    return entry->summary.mean != group[0]->summary.mean;
  });
  if (!any) return 0;
  const Table::Entry* top = *std::max_element(group.begin(), group.end(), worse);
  std::vector<Table::Entry*> others;
  std::vector<double> p, floor;
  for (Table::Entry* entry : group) {
    if (entry->summary.mean == top->summary.mean) {
      entry->standing = Standing::kBest;
      continue;
    }
    const std::vector<double> pairs = differences(*top, *entry);
    Stream stream = drawn("flips");
    entry->pairs = pairs.size();
    others.push_back(entry);
    p.push_back(analyse::sign_flip(pairs, Alternative::kTwoSided, stream).p);
    floor.push_back(
        analyse::smallest_p(analyse::Test::kSignFlip, pairs.size(), Alternative::kTwoSided));
  }
  const std::vector<double> adjusted = analyse::holm(p), lowest = analyse::holm(floor);
  bool undecided = false;
  for (std::size_t i = 0; i < others.size(); ++i) {
    others[i]->p = adjusted[i];
    others[i]->standing = adjusted[i] <= alpha ? Standing::kWorse
                          : lowest[i] > alpha  ? Standing::kUndecided
                                               : Standing::kTied;
    undecided = undecided || others[i]->standing == Standing::kUndecided;
  }
  if (!undecided) return 0;
  return analyse::pairs_to_reach(
      analyse::Test::kSignFlip, alpha / static_cast<double>(others.size()), Alternative::kTwoSided);
}

}  // namespace

void judge(Table& table) {
  for (std::size_t v = 0; v < table.values.size(); ++v) {
    std::map<std::size_t, std::vector<Table::Entry*>> groups;
    for (std::size_t r = 0; r < table.entries[v].size(); ++r) {
      for (std::size_t c = 0; c < table.entries[v][r].size(); ++c) {
        Table::Entry& entry = table.entries[v][r][c];
        summarise(entry, table.spread);
        if (entry.summary.count > 0)
          groups[table.groups.empty() ? c : table.groups[r][c]].push_back(&entry);
      }
    }
    for (const auto& [number, group] : groups)
      table.seeds_needed =
          std::max(table.seeds_needed, judge_group(group, table.values[v].best, table.alpha));
  }
}

}  // namespace assay::report
