#include "components/models/mixture_of_experts.h"

#include <cmath>

namespace assay {

namespace {

nn::Name expert(std::string_view prefix, int i) {
  return nn::Name(prefix, "experts.", i);
}

// For each expert the places (row * k + j) that chose it, in order.
std::span<const std::span<const int>> places_of(nn::Tape& tape, std::span<const int> chosen,
                                                int experts) {
  const auto count = static_cast<std::size_t>(experts);
  const auto ends = tape.scratch<std::size_t>(count + 1);
  std::fill(ends.begin(), ends.end(), 0);
  for (const int e : chosen) ++ends[static_cast<std::size_t>(e) + 1];
  for (std::size_t e = 0; e < count; ++e) ends[e + 1] += ends[e];
  const auto sorted = tape.scratch<int>(chosen.size());
  const auto out = tape.scratch<std::span<const int>>(count);
  for (std::size_t e = 0; e < count; ++e) out[e] = sorted.subspan(ends[e], ends[e + 1] - ends[e]);
  for (std::size_t i = 0; i < chosen.size(); ++i)
    sorted[ends[static_cast<std::size_t>(chosen[i])]++] = static_cast<int>(i);
  return out;
}

}  // namespace

void MixtureOfExperts::declare(nn::Parameters& out, std::string_view prefix, const Router& router,
                               int features, const Stream& init) const {
  router.declare(out, nn::Name(prefix, "router"), features, experts, init);
  for (int i = 0; i < experts; ++i) {
    nn::declare_linear(out, nn::Name(expert(prefix, i), ".up"), features, hidden, 2.0, init);
    nn::declare_linear(out, nn::Name(expert(prefix, i), ".down"), hidden, features, 1.0, init);
  }
}

nn::Var MixtureOfExperts::apply(nn::Forward& pass, std::string_view prefix, const Router& router,
                                nn::Var base, nn::Var x) const {
  const Assignment to = router.route(pass, nn::Name(prefix, "router"), x, experts);
  nn::Tape& tape = pass.tape();
  const auto all = places_of(tape, to.experts, experts);
  const auto parts = tape.scratch<nn::Var>(all.size());
  const auto places = tape.scratch<std::span<const int>>(all.size());
  const std::size_t most =
      capacity > 0 ? static_cast<std::size_t>(
                         std::ceil(capacity * static_cast<double>(to.experts.size()) / experts))
                   : to.experts.size();
  std::size_t used = 0;
  for (int e = 0; e < experts; ++e) {
    const std::span<const int> routed = all[static_cast<std::size_t>(e)];
    const std::span<const int> mine = routed.first(std::min(routed.size(), most));
    if (mine.empty()) continue;
    const auto rows = tape.scratch<int>(mine.size());
    for (std::size_t i = 0; i < mine.size(); ++i) rows[i] = mine[i] / to.k;
    const nn::Var up =
        pass.linear(nn::Name(expert(prefix, e), ".up"), nn::gather_rows(x, rows), activation);
    parts[used] = pass.linear(nn::Name(expert(prefix, e), ".down"), up);
    places[used++] = mine;
  }
  return nn::combine_routed(base, to.weights, parts.first(used), places.first(used));
}

int MixtureOfExperts::per_row(nn::Forward& pass, std::string_view prefix, const Router& router,
                              int features) const {
  const nn::Var row = pass.tape().constant(nn::Tensor({1, features}));
  return router.route(pass, nn::Name(prefix, "router"), row, experts).k;
}

}  // namespace assay
