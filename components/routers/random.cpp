// Sends each row to k experts drawn at random without regard to it, with equal weights 1 / k: the
// baseline that a learnt router must beat. It draws by the place of the row in the pass.
#include "components/routers/router.h"
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
  std::string check_experts(int experts) const override {
    return k <= experts ? ""
                        : "router.k = " + std::to_string(k) + " is more than the " +
                              std::to_string(experts) + " experts";
  }
  void declare(nn::Parameters& /*out*/, const std::string& /*name*/, int /*features*/,
               int /*experts*/, const Stream& /*init*/) const override {}
  Assignment route(nn::Forward& pass, const std::string& name, nn::Var x,
                   int experts) const override {
    Stream stream = pass.stream(name);
    Assignment out;
    out.k = k;
    nn::Tensor load({experts});
    const int n = x.shape()[0];
    for (int i = 0; i < n; ++i) {
      const std::vector<int> order = stream.permutation(experts);
      out.experts.insert(out.experts.end(), order.begin(), order.begin() + k);
      for (int j = 0; j < k; ++j)
        load.set(order[static_cast<std::size_t>(j)],
                 load.get(order[static_cast<std::size_t>(j)]) + 1);
    }
    out.weights = pass.tape().constant(nn::Tensor::full({n, k}, 1.0 / k));
    pass.add_statistic(name + ".load", std::move(load));
    return out;
  }
};
ASSAY_REGISTER(Router, Random);

}  // namespace
}  // namespace assay::routers
