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

void record_experts(nn::Forward& pass, std::string_view router, std::span<const int> computed,
                    nn::Var weights, int k) {
  const nn::Tensor& w = pass.tape().value(weights);
  const auto order = pass.tape().scratch<int>(static_cast<std::size_t>(k));
  const int n = static_cast<int>(computed.size()) / k;
  nn::Tensor& out = pass.statistic(nn::Name(router, ".routed_to"), {n, k});
  for (int i = 0; i < n; ++i) {
    const int first = i * k;
    const auto row = computed.subspan(static_cast<std::size_t>(first), order.size());
    const auto expert = [&](int j) { return row[static_cast<std::size_t>(j)]; };
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](int a, int b) {
      if ((expert(a) < 0) != (expert(b) < 0)) return expert(b) < 0;
      const double wa = w.get(first + a), wb = w.get(first + b);
      return wa > wb || (!(wb > wa) && a < b);
    });
    for (int j = 0; j < k; ++j) out.set(first + j, expert(order[static_cast<std::size_t>(j)]));
  }
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
  std::size_t used = 0;
  for (int e = 0; e < experts; ++e) {
    const std::span<const int> routed = all[static_cast<std::size_t>(e)];
    const std::span<const int> mine = routed.first(std::min(routed.size(), most));
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
