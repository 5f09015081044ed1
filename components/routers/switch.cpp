// Sends each row to the expert of its largest logit, weighted by that expert's probability among
// all, so that the router learns from one expert alone. In training the router sees x times
// uniform noise in [1 - jitter, 1 + jitter]. The capacity of the paper is the layer's.
#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct Switch final : Router {
  static constexpr Info kInfo{"switch", 1, "The best expert alone, weighted by its probability.",
                              "Fedus et al. 2021, arXiv:2101.03961, 2.1-2.2"};
  float balance = 0.01F;
  float jitter = 0.01F;

  static void params(Params<Switch>& p) {
    p.add("balance", &Switch::balance)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the balance loss E sum f P.")
        .source("Fedus et al. 2021, eq. 4");
    p.add("jitter", &Switch::jitter)
        .neutral(0.0)
        .at_least(0)
        .below(1)
        .doc("Half-width of the uniform noise by which what the router sees is multiplied.")
        .source("Fedus et al. 2021, appendix C (input jitter)");
  }
  std::string check_experts(int /*experts*/) const override { return {}; }
  double visits(int /*experts*/) const override { return 1.0; }

  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts, 1.0, init, nn::Role::kRouter, false);
  }
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int /*experts*/) const override {
    if (pass.training() && jitter > 0) {
      Stream stream = pass.stream(nn::Name(name, ".jitter"));
      const nn::Var noise = pass.tape().constant(x.shape(), [&](nn::Tensor& out) {
        for (std::int64_t i = 0; i < out.count(); ++i)
          out.set(i, stream.uniform(1.0 - jitter, 1.0 + jitter));
      });
      x = nn::multiply(x, noise);
    }
    const nn::Name weight(name, ".weight");
    const nn::Var logits =
        among_present(pass, weight, nn::matmul_transposed(x, pass.parameter(weight)));
    return keep_top_k(pass, name, logits, {1, Normalise::kAll, balance, BalanceLoss::kSwitch});
  }
};
ASSAY_REGISTER(Router, Switch);

}  // namespace
}  // namespace assay::routers
