// W + (alpha / r) B A for each adapted weight W (d x k), with A (r x k) normal, of variance 1 / k,
// and B (d x r) zero, so that it begins as W. A convolution's weight is filters x patch, and
// adapted as such. The product is formed once for each use of the weight, as when it is merged
// after training: a pass costs what the base costs. Weights that are pruned in W stay 0.
#include <cmath>

#include "components/adapters/adapter.h"
#include "runner/registry/registry.h"

namespace assay::adapters {
namespace {

struct Lora final : Adapter {
  static constexpr Info kInfo{"lora", 1, "Low-rank change of weights.",
                              "Hu et al. 2021, arXiv:2106.09685, eq. 3"};
  static constexpr std::string_view kExample = "rank = 2";
  int rank = 4;
  double alpha = 32.0;
  std::vector<std::string> layers = {"*"};

  static void params(Params<Lora>& p) {
    p.add("rank", &Lora::rank).range(1, 65536).doc("r.").source("Hu et al. 2021, table 11");
    p.add("alpha", &Lora::alpha)
        .above(0)
        .doc("The change is scaled by alpha / r.")
        .source("Hu et al. 2021, table 11");
    p.add("layers", &Lora::layers)
        .min_count(1)
        .doc("Names of linear layers and convolutions; * stands for any characters.");
  }

  void declare(nn::Parameters& out, std::string_view name, const nn::Parameters& base,
               const Stream& init) const override {
    for (const nn::Parameter* weight : adapted_weights(base, layers)) {
      const int d = weight->value.shape()[0], k = weight->value.shape()[1];
      const nn::Name a(name, ".", layer_of(*weight), ".a");
      out.add(a, nn::Tensor::normal({rank, k}, 1.0 / std::sqrt(k), init.fork(a)), nn::Role::kOther);
      out.add(nn::Name(name, ".", layer_of(*weight), ".b"), nn::Tensor({d, rank}),
              nn::Role::kOther);
    }
  }

  void attach(nn::Forward& pass, std::string_view name) const override {
    const Attachment* at = Attachment::on(pass, name);
    pass.add_hook([this, at](const nn::Parameter& parameter, nn::Var value) {
      return changed(*at, parameter, value);
    });
  }

  nn::Var changed(const Attachment& at, const nn::Parameter& weight, nn::Var value) const {
    if (weight.role != nn::Role::kWeight) return value;
    const nn::Name a = at.full(layer_of(weight), "a");
    if (!at.has(a)) return value;
    const nn::Var product =
        nn::matmul(at.pass->parameter(at.full(layer_of(weight), "b")), at.pass->parameter(a));
    nn::Var change = nn::scale(product, alpha / rank);
    if (!weight.mask.empty()) change = nn::multiply(change, value.tape->constant(weight.mask));
    return nn::add(value, change);
  }
};
ASSAY_REGISTER(Adapter, Lora);

}  // namespace
}  // namespace assay::adapters
