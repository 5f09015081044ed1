// A system of parts whose effects are known: the score is the sum of the effects of the parts that
// are there, an interaction where both of the first two are, and noise, of which a share is that
// of the replicate, the same for all systems, as data order and first weights are. What a design,
// a test or a verdict should come to can then be told beforehand.
#include <cmath>

#include "runner/registry/stage.h"

namespace assay::stages {
namespace {

struct Planted final : Stage {
  using Gives = NoArtifact;
  static constexpr Info kInfo{"planted", 1, "Scores parts by effects that are known.", "", true};
  bool a = true, b = true, c = true, d = true, e = true;
  std::vector<double> effects = {1.0, 1.0, 1.0, 1.0, 1.0};
  double interaction = 0.0;
  double noise = 0.0;
  double shared = 0.5;

  static void params(Params<Planted>& p) {
    p.add("a", &Planted::a).doc("Whether part a is there.");
    p.add("b", &Planted::b).doc("Whether part b is there.");
    p.add("c", &Planted::c).doc("Whether part c is there.");
    p.add("d", &Planted::d).doc("Whether part d is there.");
    p.add("e", &Planted::e).doc("Whether part e is there.");
    p.add("effects", &Planted::effects).min_count(5).doc("What a to e add to the score.");
    p.add("interaction", &Planted::interaction).doc("What a and b together add besides.");
    p.add("noise", &Planted::noise).neutral(0.0).at_least(0).doc("Standard deviation of a score.");
    p.add("shared", &Planted::shared)
        .range(0, 1)
        .doc("Share of the noise's variance that all systems of a replicate have alike.");
  }
  std::string check() const override {
    return effects.size() == 5
               ? ""
               : "effects has " + std::to_string(effects.size()) + " entries; allowed: 5";
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const bool there[] = {a, b, c, d, e};
    double score = a && b ? interaction : 0.0;
    std::uint64_t system = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      score += there[i] ? effects[i] : 0.0;
      system |= static_cast<std::uint64_t>(there[i]) << i;
    }
    const double common = context.stream("replicate").normal();
    const double own = context.stream("system").fork("system", system).normal();
    score += noise * (std::sqrt(shared) * common + std::sqrt(1.0 - shared) * own);
    context.metric("score", score);
    return std::make_shared<const NoArtifact>();
  }
};
ASSAY_REGISTER(Stage, Planted);

}  // namespace
}  // namespace assay::stages
