// A learnt scale for each number that a layer gives, l * (W x + b), before its activation, or for
// each that it reads, W (l * x) + b; all begin at 1. The paper scales the outputs of keys and
// values and what the second feed-forward layer reads: in a transformer layers = ["*.key",
// "*.value"] and inputs = ["*.down"]. Scales can be merged into W and b.
#include "components/adapters/adapter.h"
#include "runner/registry/registry.h"

namespace assay::adapters {
namespace {

struct Ia3 final : Adapter {
  static constexpr Info kInfo{"ia3", 1, "Learnt scales of what layers give or read.",
                              "Liu et al. 2022, arXiv:2205.05638, section 3.3"};
  std::vector<std::string> layers = {"*"};
  std::vector<std::string> inputs;

  static void params(Params<Ia3>& p) {
    p.add("layers", &Ia3::layers)
        .doc("Names of those whose outputs are scaled; * stands for any characters.");
    p.add("inputs", &Ia3::inputs).doc("Names of those whose inputs are.");
  }
  std::string check() const override {
    return layers.empty() && inputs.empty() ? "layers: without inputs it must name some" : "";
  }

  void declare(nn::Parameters& out, std::string_view name, const nn::Parameters& base,
               const Stream& /*init*/) const override {
    const auto add = [&](const nn::Parameter& weight, std::string_view site, int width) {
      out.add(nn::Name(name, ".", layer_of(weight), site, ".scale"), nn::Tensor::full({width}, 1.0),
              nn::Role::kOther);
    };
    for (const nn::Parameter* weight : adapted_weights(base, layers))
      add(*weight, "", weight->value.shape()[0]);
    for (const nn::Parameter* weight : adapted_weights(base, inputs))
      add(*weight, ".in", weight->value.shape()[1]);
  }

  void attach(nn::Forward& pass, std::string_view name) const override {
    const Attachment* at = Attachment::on(pass, name);
    pass.add_hook([at](std::string_view site, nn::Var value) {
      const nn::Name scale = at->full(site, "scale");
      return at->has(scale) ? nn::multiply_row(value, at->pass->parameter(scale)) : value;
    });
  }
};
ASSAY_REGISTER(Adapter, Ia3);

}  // namespace
}  // namespace assay::adapters
