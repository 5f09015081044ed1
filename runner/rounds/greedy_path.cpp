// Backward elimination: from the full system, at each step the part goes whose removal costs least
// (order = "greedy"), or most ("greedy-most"), by the mean of the ablation's value over the seeds
// that have both systems. Ties go to the part written first. A part of which no seed has both
// systems cannot be chosen; where that holds of all that are left, the path ends there.
#include "runner/analyse/summary.h"
#include "runner/rounds/rule.h"

namespace assay::rounds {

namespace {

using design::Subset;

class GreedyPath final : public Rule {
 public:
  GreedyPath(const config::Study& study, Schedule& schedule)
      : study_(study),
        variants_(variants_of_systems(study)),
        left_(design::full_system(parts())) {
    want(left_, schedule);
    want_step(schedule);
  }

  bool next(const Lookup& lookup, Schedule& schedule) override {
    const int part = choose(lookup);
    if (part < 0) return false;
    schedule.order.push_back(part);
    left_ &= ~(Subset{1} << part);
    if (left_ == 0) return false;
    want_step(schedule);
    schedule.asks = "step " + std::to_string(schedule.order.size() + 1) + ": " +
                    study_.ablation->parts[static_cast<std::size_t>(part)].name + " is gone";
    return true;
  }

 private:
  int parts() const { return static_cast<int>(study_.ablation->parts.size()); }
  bool there(int part) const { return left_ >> part & 1; }
  Subset without(int part) const { return left_ & ~(Subset{1} << part); }

  void want(Subset system, Schedule& schedule) const {
    const auto found = variants_.find(system);
    if (found == variants_.end()) return;  // the sweep excludes it
    for (const std::uint64_t variant : found->second)
      schedule.wanted.raise(variant, first_seeds(study_));
  }

  void want_step(Schedule& schedule) const {
    for (int part = 0; part < parts(); ++part)
      if (there(part)) want(without(part), schedule);
  }

  // The part that goes next; -1 where none can be told.
  int choose(const Lookup& lookup) const {
    const config::Ablation& ablation = *study_.ablation;
    const auto values = measurements_of(study_, ablation.values[0], first_seeds(study_), lookup);
    int chosen = -1;
    double least = 0.0;
    for (int part = 0; part < parts(); ++part) {
      if (!there(part)) continue;
      const auto worth = analyse::removal_effect(values, left_, part).values;
      if (worth.empty()) continue;
      const double mean = analyse::summarise(worth).mean;
      const double cost =
          ablation.highest == (ablation.greedy == config::Greedy::kLeast) ? mean : -mean;
      if (chosen < 0 || cost < least) chosen = part, least = cost;
    }
    return chosen;
  }

  const config::Study& study_;
  VariantsOfSystem variants_;
  Subset left_;
};

}  // namespace

std::unique_ptr<Rule> make_greedy_path(const config::Study& study, Schedule& schedule) {
  return std::make_unique<GreedyPath>(study, schedule);
}

}  // namespace assay::rounds
