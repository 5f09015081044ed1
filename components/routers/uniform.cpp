// Every row to every expert with weight 1 / E: what routing adds is what this lacks.
#include <cmath>

#include "components/routers/choice.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct Uniform final : Router {
  static constexpr Info kInfo{"uniform", 1, "All experts, equal weights."};
  static void params(Params<Uniform>& /*p*/) {}
  std::string check_experts(int /*experts*/) const override { return {}; }
  double visits(int experts) const override { return experts; }
  void declare(nn::Parameters& /*out*/, std::string_view /*name*/, int /*features*/,
               int /*experts*/, const Stream& /*init*/) const override {}
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    nn::Tape& tape = pass.tape();
    const int n = x.shape()[0];
    const Assignment out{experts, first_experts(tape, n, experts), equal_weights(tape, n, experts)};
    add_load(pass, name, out.experts, experts);
    add_routing_entropy(pass, name, n, std::log(experts));
    return out;
  }
};
ASSAY_REGISTER(Router, Uniform);

}  // namespace
}  // namespace assay::routers
