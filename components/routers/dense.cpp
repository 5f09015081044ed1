// Every row to every expert, weighted by softmax(W x): a mixture of experts before it was sparse,
// and the limit k = E of top-k.
#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct Dense final : Router {
  static constexpr Info kInfo{"dense", 1, "All experts, softmax weights.",
                              "Jacobs et al. 1991, Adaptive mixtures of local experts"};
  static void params(Params<Dense>& /*p*/) {}
  std::string check_experts(int /*experts*/) const override { return {}; }
  double visits(int experts) const override { return experts; }

  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts, 1.0, init, nn::Role::kRouter, false);
  }
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    const nn::Name weight(name, ".weight");
    const nn::Var p =
        nn::softmax(among_present(pass, weight, nn::matmul_transposed(x, pass.parameter(weight))));
    const Assignment out{experts, first_experts(pass.tape(), x.shape()[0], experts), p};
    add_load(pass, name, out.experts, experts);
    add_routing_entropy(pass, name, p);
    return out;
  }
};
ASSAY_REGISTER(Router, Dense);

}  // namespace
}  // namespace assay::routers
