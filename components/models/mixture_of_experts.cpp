#include "components/models/mixture_of_experts.h"

#include <cmath>

namespace assay {

namespace {

nn::Name expert_name(std::string_view prefix, int i) {
  return nn::Name(prefix, "experts.", i);
}

// For each expert the places (row * k + j) that chose it, in order.
std::span<const std::span<const int>> places_of(nn::Tape& tape, std::span<const int> chosen,
                                                int experts) {
  const auto count = static_cast<std::size_t>(experts);
  const auto ends = tape.scratch<std::size_t>(count + 1);
  std::fill(ends.begin(), ends.end(), 0);
  for (const int e : chosen)
    if (e >= 0) ++ends[static_cast<std::size_t>(e) + 1];
  for (std::size_t e = 0; e < count; ++e) ends[e + 1] += ends[e];
  const auto sorted = tape.scratch<int>(ends[count]);
  const auto out = tape.scratch<std::span<const int>>(count);
  for (std::size_t e = 0; e < count; ++e) out[e] = sorted.subspan(ends[e], ends[e + 1] - ends[e]);
  for (std::size_t i = 0; i < chosen.size(); ++i)
    if (chosen[i] >= 0) sorted[ends[static_cast<std::size_t>(chosen[i])]++] = static_cast<int>(i);
  return out;
}

// Which of the places (row * k + j) that chose an expert it computes, if they are more than `most`:
// those of the best choices (a row's largest weight is its first), among them of the rows with the
// largest weights, among them the first. It gives them in their order.
class Priority {
 public:
  Priority(nn::Tape& tape, const Assignment& to)
      : tape_(tape),
        choice_(tape.scratch<int>(to.experts.size())),
        largest_(tape.scratch<double>(to.experts.size() / static_cast<std::size_t>(to.k))),
        k_(static_cast<std::size_t>(to.k)) {
    const nn::Tensor& w = tape.value(to.weights);
    for (std::size_t row = 0; row < largest_.size(); ++row) rank(row, w, to.experts);
  }
  std::span<const int> best(std::span<const int> places, std::size_t most) const {
    const auto out = tape_.scratch<int>(places.size());
    std::copy(places.begin(), places.end(), out.begin());
    const auto last = out.begin() + static_cast<std::ptrdiff_t>(most);
    std::nth_element(out.begin(), last, out.end(), [&](int a, int b) { return before(a, b); });
    std::sort(out.begin(), last);
    return out.first(most);
  }

 private:
  bool before(int a, int b) const {
    const auto at_a = static_cast<std::size_t>(a), at_b = static_cast<std::size_t>(b);
    if (choice_[at_a] != choice_[at_b]) return choice_[at_a] < choice_[at_b];
    const double of_a = largest_[at_a / k_], of_b = largest_[at_b / k_];
    return of_a != of_b ? of_a > of_b : a < b;
  }
  void rank(std::size_t row, const nn::Tensor& w, std::span<const int> experts) {
    const std::size_t first = row * k_;
    const auto weight = [&](std::size_t j) { return w.get(static_cast<std::int64_t>(first + j)); };
    largest_[row] = 0.0;
    for (std::size_t j = 0; j < k_; ++j) {
      int better = 0;
      for (std::size_t other = 0; other < k_; ++other)
        if (experts[first + other] >= 0 &&
            (weight(other) > weight(j) || (weight(other) == weight(j) && other < j)))
          ++better;
      choice_[first + j] = better;
      if (experts[first + j] >= 0) largest_[row] = std::max(largest_[row], weight(j));
    }
  }

  nn::Tape& tape_;
  std::span<int> choice_;      // n x k: how many of the row's weights are larger
  std::span<double> largest_;  // n
  std::size_t k_;
};

// `computed`: as Assignment::experts, without what the capacity refused.
void count_dropped(nn::Forward& pass, std::string_view router, std::span<const int> computed,
                   std::size_t assigned, int k) {
  double rows = 0.0, without = 0.0, kept = 0.0;
  const auto per_row = static_cast<std::ptrdiff_t>(k);
  for (auto row = computed.begin(); row != computed.end(); row += per_row) {
    const auto experts = std::count_if(row, row + per_row, [](int e) { return e >= 0; });
    rows += 1.0;
    without += experts == 0 ? 1.0 : 0.0;
    kept += static_cast<double>(experts);
  }
  nn::Tensor& out = pass.statistic(nn::Name(router, ".dropped"), {3});
  out.set(0, rows);
  out.set(1, without);
  out.set(2, static_cast<double>(assigned) - kept);
}

// Places of each row in the order of their weights, those that nobody computed last.
std::span<const int> by_weight(nn::Tape& tape, std::span<const int> computed, nn::Var weights,
                               int k) {
  const nn::Tensor& w = tape.value(weights);
  const auto out = tape.scratch<int>(computed.size());
  std::iota(out.begin(), out.end(), 0);
  const auto none = [&](int place) { return computed[static_cast<std::size_t>(place)] < 0; };
  for (auto row = out.begin(); row != out.end(); row += k)
    std::sort(row, row + k, [&](int a, int b) {
      if (none(a) != none(b)) return none(b);
      const double wa = w.get(a), wb = w.get(b);
      return wa > wb || (!(wb > wa) && a < b);
    });
  return out;
}

void record_experts(nn::Forward& pass, std::string_view router, std::span<const int> computed,
                    nn::Var weights, int k) {
  const nn::Tensor& w = pass.tape().value(weights);
  const std::span<const int> order = by_weight(pass.tape(), computed, weights, k);
  const int n = static_cast<int>(computed.size()) / k;
  const auto record = [&](std::string_view suffix, const auto& value) {
    nn::Tensor& out = pass.statistic(nn::Name(router, suffix), {n, k});
    for (std::size_t i = 0; i < order.size(); ++i)
      out.set(static_cast<std::int64_t>(i),
              value(order[i], computed[static_cast<std::size_t>(order[i])]));
  };
  record(".routed_to", [](int /*place*/, int expert) { return expert; });
  record(".routed_with", [&](int place, int expert) { return expert < 0 ? 0.0 : w.get(place); });
}

}  // namespace

void MixtureOfExperts::declare(nn::Parameters& out, std::string_view prefix, const Router& router,
                               int features, const Stream& init) const {
  router.declare(out, nn::Name(prefix, "router"), features, experts, init);
  for (int i = 0; i < experts; ++i) {
    const nn::Name name = expert_name(prefix, i);
    nn::declare_linear(out, nn::Name(name, ".up"), features, hidden, 2.0, init);
    nn::declare_linear(out, nn::Name(name, ".down"), hidden, features, 1.0, init);
  }
}

nn::Var MixtureOfExperts::expert(nn::Forward& pass, std::string_view prefix, int e, nn::Var x,
                                 std::span<const int> rows) const {
  const nn::Name name = expert_name(prefix, e);
  const nn::Var up = pass.linear(nn::Name(name, ".up"), nn::gather_rows(x, rows), activation);
  return pass.linear(nn::Name(name, ".down"), up);
}

nn::Var MixtureOfExperts::apply(nn::Forward& pass, std::string_view prefix, const Router& router,
                                nn::Var base, nn::Var x, int length) const {
  if (router.slots() > 0 && length > 1) return apply_slots(pass, prefix, router, base, x, length);
  const nn::Name name(prefix, "router");
  const Assignment to = router.route(pass, name, x, experts);
  nn::Tape& tape = pass.tape();
  const auto all = places_of(tape, to.experts, experts);
  std::size_t assigned = 0;
  for (const auto& routed : all) assigned += routed.size();
  const auto parts = tape.scratch<nn::Var>(all.size());
  const auto places = tape.scratch<std::span<const int>>(all.size());
  const auto computed = tape.scratch<int>(to.experts.size());
  std::fill(computed.begin(), computed.end(), -1);
  const std::size_t most =
      capacity > 0
          ? static_cast<std::size_t>(std::ceil(capacity * static_cast<double>(assigned) / experts))
          : assigned;
  std::optional<Priority> priority;
  if (prioritised && assigned > most) priority.emplace(tape, to);
  std::size_t used = 0;
  for (int e = 0; e < experts; ++e) {
    std::span<const int> mine = all[static_cast<std::size_t>(e)];
    if (mine.size() > most) mine = priority ? priority->best(mine, most) : mine.first(most);
    if (mine.empty()) continue;
    const auto rows = tape.scratch<int>(mine.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      rows[i] = mine[i] / to.k;
      computed[static_cast<std::size_t>(mine[i])] = e;
    }
    parts[used] = expert(pass, prefix, e, x, rows);
    places[used++] = mine;
  }
  count_dropped(pass, name, computed, assigned, to.k);
  if (!pass.training()) record_experts(pass, name, computed, to.weights, to.k);
  return nn::combine_routed(base, to.weights, parts.first(used), places.first(used));
}

nn::Var MixtureOfExperts::apply_slots(nn::Forward& pass, std::string_view prefix,
                                      const Router& router, nn::Var base, nn::Var x,
                                      int length) const {
  nn::Tape& tape = pass.tape();
  const nn::Name name(prefix, "router");
  const int n = static_cast<int>(x.shape().rows()), d = x.shape().back(), sequences = n / length;
  const int each = router.slots(), slots = each * experts;
  const SlotMixing to = router.mix(pass, name, x, experts, length);
  const nn::Var in =
      nn::reshape(nn::matmul_batched(to.dispatch, nn::reshape(x, {sequences, length, d})),
                  {sequences * slots, d});
  const auto parts = tape.scratch<nn::Var>(static_cast<std::size_t>(experts));
  const auto places = tape.scratch<std::span<const int>>(parts.size());
  for (int e = 0; e < experts; ++e) {
    const auto rows =
        tape.scratch<int>(static_cast<std::size_t>(sequences) * static_cast<std::size_t>(each));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const int sequence = static_cast<int>(i) / each, slot = static_cast<int>(i) % each;
      rows[i] = sequence * slots + e * each + slot;
    }
    parts[static_cast<std::size_t>(e)] = expert(pass, prefix, e, in, rows);
    places[static_cast<std::size_t>(e)] = rows;
  }
  // Back from expert by expert to sequence by sequence.
  const auto full = [&](int columns, double value) {
    return tape.constant({sequences * slots, columns}, [&](nn::Tensor& t) { t.fill(value); });
  };
  const nn::Var out = nn::combine_routed(full(d, 0.0), full(1, 1.0), parts, places);
  const nn::Var mixed = nn::matmul_batched(to.combine, nn::reshape(out, {sequences, slots, d}));
  pass.statistic(nn::Name(name, ".dropped"), {3}).set(0, n);
  return nn::add(base, nn::reshape(mixed, base.shape()));
}

double MixtureOfExperts::multiply_adds(const Router& router, double weights, int features,
                                       int length, int layers) const {
  if (router.slots() == 0 || length == 1) return weights * router.visits(experts) / experts;
  const double slots = static_cast<double>(router.slots()) * experts;
  return weights * router.slots() / length + layers * 2.0 * slots * features;
}

}  // namespace assay
