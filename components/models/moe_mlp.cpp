// A mixture-of-experts classifier (Shazeer et al. 2017): a shared layer h = relu(W x + b), whose
// units a gate may scale, a router that sends h to k of E experts, each a two-layer perceptron, and
// a linear output on h + sum_j w_j expert_j(h), plus an expert that sees all rows where one is
// shared. Only routed rows are computed.
#include "components/gates/gate.h"
#include "components/models/mixture_of_experts.h"

namespace assay::models {
namespace {

struct MoeMlp final : Model {
  static constexpr Info kInfo{"moe-mlp", 1, "Mixture-of-experts perceptron.",
                              "Shazeer et al. 2017, arXiv:1701.06538, eq. 1"};
  static constexpr std::string_view kExample = "hidden = 5, experts = 3, expert_hidden = 4";
  int hidden = 32;
  int experts = 8;
  int expert_hidden = 32;
  Slot<Router> router{"topk-softmax"};
  double capacity = 0.0;
  bool batch_prioritised = false;
  bool shared_expert = false;
  Slot<Gate> shared_gate;

  static void params(Params<MoeMlp>& p) {
    p.add("hidden", &MoeMlp::hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Width of the shared layer.");
    p.add("experts", &MoeMlp::experts)
        .range(1, kMaxExperts)
        .unit("experts")
        .doc("Number of experts.");
    p.add("expert_hidden", &MoeMlp::expert_hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Hidden width of each expert.");
    p.add("router", &MoeMlp::router).doc("Sends rows to experts.");
    p.add("capacity", &MoeMlp::capacity)
        .range(0, 1000)
        .doc("Rows that an expert takes, times the even share; 0: all that are sent.")
        .source("Fedus et al. 2021, eq. 3")
        .since(2);
    p.add("batch_prioritised", &MoeMlp::batch_prioritised)
        .doc(
            "Rows enter a full expert in the order of their largest weight rather than their "
            "place.")
        .source("Riquelme et al. 2021, arXiv:2106.05974, section 4.1")
        .since(3);
    p.add("shared_expert", &MoeMlp::shared_expert)
        .doc("One more expert for all rows (Dai et al. 2024, arXiv:2401.06066).")
        .since(2);
    p.add("shared_gate", &MoeMlp::shared_gate)
        .doc("Scales the units of the shared layer.")
        .since(2);
  }
  std::string check() const override { return router->check_experts(experts); }

  MixtureOfExperts mixture() const {
    return {experts, expert_hidden, nn::Activation::kRelu, capacity, batch_prioritised};
  }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    require_labels(format, kInfo.name);
    nn::declare_linear(out, "shared", input_width(format), hidden, 2.0, init);
    if (shared_gate) shared_gate->declare(out, "shared_gate", hidden, init);
    mixture().declare(out, "", *router, hidden, init);
    if (shared_expert) {
      nn::declare_linear(out, "shared_expert.up", hidden, expert_hidden, 2.0, init);
      nn::declare_linear(out, "shared_expert.down", expert_hidden, hidden, 1.0, init);
    }
    nn::declare_linear(out, "output", hidden, format.positions * format.classes, 1.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const nn::Var x = pass.site("input", input_of(pass, format, batch));
    nn::Var h = pass.linear("shared", x, nn::Activation::kRelu);
    if (shared_gate) h = shared_gate->apply(pass, "shared_gate", h);
    nn::Var mixed = mixture().apply(pass, "", *router, h, h);
    if (shared_expert) {
      const nn::Var up = pass.linear("shared_expert.up", h, nn::Activation::kRelu);
      mixed = nn::add(mixed, pass.linear("shared_expert.down", up));
    }
    return pass.linear("output", pass.site("mixture", mixed));
  }

  // Router included; of the experts the share that a row visits on average.
  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    double always = 0.0, routed = 0.0;
    for (const nn::Parameter& p : parameters) {
      if (p.role != nn::Role::kWeight && p.role != nn::Role::kRouter) continue;
      (p.name.rfind("experts.", 0) == 0 ? routed : always) += kept(p);
    }
    return always + mixture().multiply_adds(*router, routed, hidden);
  }
};
ASSAY_REGISTER(Model, MoeMlp);

}  // namespace
}  // namespace assay::models
