#include "runner/rounds/evidence.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "runner/analyse/curves.h"
#include "runner/config/curve_place.h"

namespace assay::rounds {

namespace {

analyse::Question question_of(config::ClaimKind kind) {
  return static_cast<analyse::Question>(static_cast<int>(kind));
}
static_assert(static_cast<int>(config::ClaimKind::kSlope) ==
              static_cast<int>(analyse::Question::kSlope));

analyse::DecidedBy test_of(const config::Claim& claim) {
  return claim.test ? static_cast<analyse::DecidedBy>(static_cast<int>(*claim.test))
                    : analyse::DecidedBy::kSignFlip;
}
static_assert(static_cast<int>(config::ClaimTest::kWelch) ==
              static_cast<int>(analyse::DecidedBy::kWelch));

// The mean over variants in one replicate; nothing where one of them lacks a value.
std::optional<double> mean_of(const std::vector<std::uint64_t>& variants, std::uint64_t replicate,
                              const std::string& metric, const Lookup& lookup) {
  double sum = 0.0;
  for (const std::uint64_t variant : variants) {
    const auto value = measured(lookup(variant, replicate), metric);
    if (!value) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(variants.size());
}

// Nothing where the curve does not reach so far: it is not continued.
std::optional<double> on_curve(const store::CellRecord& record, const config::CurvePlace& place) {
  const auto found = std::find_if(record.curves.begin(), record.curves.end(),
                                  [&](const Curve& curve) { return curve.name == place.curve; });
  if (found == record.curves.end() || found->step.empty() || found->step.front() > place.low ||
      found->step.back() < place.high)
    return std::nullopt;
  try {
    const analyse::Curve curve{found->step, found->value};
    return analyse::area_under(curve, {place.low, place.high}, analyse::Axis::kLinear).mean;
  } catch (const std::runtime_error&) {  // of a training that diverged
    return std::nullopt;
  }
}

}  // namespace

std::optional<double> measured(const store::CellRecord* record, const std::string& metric) {
  if (!record || record->status != store::Status::kDone) return std::nullopt;
  for (const Measured& m : record->metrics)
    if (m.name == metric && std::isfinite(m.value)) return m.value;
  std::string wrong;
  const auto place = config::curve_place(metric, wrong);
  return place && wrong.empty() ? on_curve(*record, *place) : std::nullopt;
}

analyse::Evidence question_of(const config::Claim& claim) {
  analyse::Evidence out;
  out.question = question_of(claim.kind);
  out.slope = question_of(claim.slope);
  out.highest = claim.highest;
  out.margin = claim.margin, out.bound = claim.bound, out.alpha = claim.alpha;
  out.test = test_of(claim);
  out.log = claim.log;
  out.positions = claim.positions;
  return out;
}

analyse::Evidence evidence_of(const config::Claim& claim, std::uint64_t replicates,
                              const Lookup& lookup) {
  analyse::Evidence out = question_of(claim);
  for (const config::ClaimSide& side : claim.sides) {
    auto& values = out.sides.emplace_back(replicates);
    for (std::uint64_t r = 0; r < replicates; ++r)
      values[r] = mean_of(side.variants, r, claim.metric, lookup);
  }
  return out;
}

VariantsOfSystem variants_of_systems(const config::Study& study) {
  VariantsOfSystem out;
  const auto& subsets = study.ablation->points.subsets;
  study.design.for_each([&](std::uint64_t variant, const std::vector<int>& choice) {
    out[subsets[static_cast<std::size_t>(choice[0])]].push_back(variant);
    return true;
  });
  return out;
}

namespace {

// Of systems, by what their variants come to in a replicate.
template <class Of>
analyse::Measurements by_system(const config::Study& study, std::uint64_t replicates, Of of) {
  const auto variants = std::make_shared<const VariantsOfSystem>(variants_of_systems(study));
  return {static_cast<int>(study.ablation->parts.size()), replicates,
          [variants, of](design::Subset system, std::size_t replicate) -> std::optional<double> {
            const auto found = variants->find(system);
            if (found == variants->end()) return std::nullopt;
            return of(found->second, replicate);
          }};
}

}  // namespace

analyse::Measurements measurements_of(const config::Study& study, const std::string& metric,
                                      std::uint64_t replicates, const Lookup& lookup) {
  return by_system(
      study, replicates,
      [metric, lookup](const std::vector<std::uint64_t>& variants, std::uint64_t replicate) {
        return mean_of(variants, replicate, metric, lookup);
      });
}

analyse::Measurements wanted_of(const config::Study& study, const design::Wanted& wanted) {
  return by_system(study, study.seeds,
                   [&wanted](const std::vector<std::uint64_t>& variants, std::uint64_t replicate) {
                     const bool all = std::all_of(
                         variants.begin(), variants.end(),
                         [&](std::uint64_t variant) { return replicate < wanted.seeds(variant); });
                     return all ? std::optional<double>(0.0) : std::nullopt;
                   });
}

}  // namespace assay::rounds
