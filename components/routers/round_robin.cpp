// Row i goes to the experts i k, i k + 1, … i k + k - 1, counted round, with weights 1 / k: a
// perfectly even load that knows nothing of the row. It goes by the place of the row in the pass:
// where all sequences have one length, and E divides k times it, each position has experts of its
// own, which is a hash of the position.
#include <cmath>

#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct RoundRobin final : Router {
  static constexpr Info kInfo{"round-robin", 1, "Experts in turn, equal weights."};
  int k = 2;

  static void params(Params<RoundRobin>& p) {
    p.add("k", &RoundRobin::k).range(1, kMaxExperts).unit("experts").doc("For each row.");
  }
  std::string check_experts(int experts) const override { return k_fits(k, experts); }
  double visits(int /*experts*/) const override { return k; }
  bool rowwise() const override { return false; }

  void declare(nn::Parameters& /*out*/, std::string_view /*name*/, int /*features*/,
               int /*experts*/, const Stream& /*init*/) const override {}
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    const int n = x.shape()[0];
    const auto chosen =
        pass.tape().scratch<int>(static_cast<std::size_t>(n) * static_cast<std::size_t>(k));
    for (std::size_t i = 0; i < chosen.size(); ++i)
      chosen[i] = static_cast<int>(i % static_cast<std::size_t>(experts));
    const Assignment out{k, chosen, equal_weights(pass.tape(), n, k)};
    add_load(pass, name, out.experts, experts);
    add_routing_entropy(pass, name, n, std::log(k));
    return out;
  }
};
ASSAY_REGISTER(Router, RoundRobin);

}  // namespace
}  // namespace assay::routers
