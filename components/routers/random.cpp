// Sends each row to k experts drawn at random without regard to it, with equal weights 1 / k: the
// baseline that a learnt router must beat. It draws by the place of the row in the pass.
#include <cmath>
#include <numeric>

#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct Random final : Router {
  static constexpr Info kInfo{"random", 1, "k experts at random, equal weights.",
                              "Roller et al. 2021, arXiv:2106.04426 (hash and random baselines)",
                              true};
  int k = 2;

  static void params(Params<Random>& p) {
    p.add("k", &Random::k).range(1, kMaxExperts).unit("experts").doc("Kept for each row.");
  }
  std::string check_experts(int experts) const override { return k_fits(k, experts); }
  double visits(int /*experts*/) const override { return k; }
  bool rowwise() const override { return false; }
  void declare(nn::Parameters& /*out*/, std::string_view /*name*/, int /*features*/,
               int /*experts*/, const Stream& /*init*/) const override {}
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    Stream stream = pass.stream(name);
    Assignment out;
    out.k = k;
    const int n = x.shape()[0];
    const auto per_row = static_cast<std::size_t>(k);
    const auto chosen = pass.tape().scratch<int>(static_cast<std::size_t>(n) * per_row);
    const auto order = pass.tape().scratch<int>(static_cast<std::size_t>(experts));
    for (std::size_t at = 0; at < chosen.size(); at += per_row) {
      std::iota(order.begin(), order.end(), 0);
      stream.shuffle(order);
      std::copy_n(order.begin(), k, chosen.begin() + static_cast<std::ptrdiff_t>(at));
    }
    out.experts = chosen;
    out.weights = equal_weights(pass.tape(), n, k);
    add_load(pass, name, out.experts, experts);
    add_routing_entropy(pass, name, n, std::log(experts));
    return out;
  }
};
ASSAY_REGISTER(Router, Random);

}  // namespace
}  // namespace assay::routers
