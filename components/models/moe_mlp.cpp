// A mixture-of-experts classifier (Shazeer et al. 2017): a shared layer h = relu(W x + b), a router
// that sends h to k of E experts, each a two-layer perceptron, and a linear output on
// h + sum_j w_j expert_j(h). Only routed rows are computed.
#include "components/models/model.h"
#include "components/routers/router.h"

namespace assay::models {
namespace {

struct MoeMlp final : Model {
  static constexpr Info kInfo{"moe-mlp", 1, "Mixture-of-experts perceptron.",
                              "Shazeer et al. 2017, arXiv:1701.06538, eq. 1"};
  int hidden = 32;
  int experts = 8;
  int expert_hidden = 32;
  Slot<Router> router{"topk-softmax"};

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
  }
  std::string check() const override { return router->check_experts(experts); }

  static std::string expert(int i) { return "experts." + std::to_string(i); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    require_labels(format, kInfo.name);
    nn::declare_linear(out, "shared", input_width(format), hidden, 2.0, init);
    router->declare(out, "router", hidden, experts, init);
    for (int i = 0; i < experts; ++i) {
      nn::declare_linear(out, expert(i) + ".up", hidden, expert_hidden, 2.0, init);
      nn::declare_linear(out, expert(i) + ".down", expert_hidden, hidden, 1.0, init);
    }
    nn::declare_linear(out, "output", hidden, format.positions * format.classes, 1.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const nn::Var x = pass.site("input", input_of(pass, format, batch));
    const nn::Var h = pass.site("shared.act", nn::relu(pass.linear("shared", x)));
    const Assignment to = router->route(pass, "router", h, experts);
    nn::Var mixed = h;
    for (int e = 0; e < experts; ++e) {
      std::vector<int> rows, places;
      for (std::size_t i = 0; i < to.experts.size(); ++i) {
        if (to.experts[i] != e) continue;
        rows.push_back(static_cast<int>(i) / to.k);
        places.push_back(static_cast<int>(i));
      }
      if (rows.empty()) continue;
      const nn::Var up = nn::relu(pass.linear(expert(e) + ".up", nn::gather_rows(h, rows)));
      const nn::Var down = pass.linear(expert(e) + ".down", up);
      const int n = batch.count * to.k;
      const nn::Var weights = nn::gather_rows(nn::reshape(to.weights, {n, 1}), places);
      mixed = nn::add(mixed,
                      nn::scatter_add_rows(nn::multiply_column(down, weights), rows, batch.count));
    }
    return pass.linear("output", pass.site("mixture", mixed));
  }

  // Router included; of the experts the share k / E that a row visits on average.
  double multiply_adds(const nn::Parameters& parameters,
                       const DataFormat& /*format*/) const override {
    nn::Tape tape;
    double always = 0.0, routed = 0.0;
    for (const nn::Parameter& p : parameters) {
      if (p.role != nn::Role::kWeight && p.role != nn::Role::kRouter) continue;
      double kept = 0.0;
      for (std::int64_t i = 0; i < p.value.count(); ++i)
        kept += p.mask.empty() || p.mask.get(i) != 0.0 ? 1.0 : 0.0;
      (p.name.rfind("experts.", 0) == 0 ? routed : always) += kept;
    }
    nn::Forward pass(tape, parameters, false, Stream(0));
    const int k = router->route(pass, "router", tape.constant(nn::Tensor({1, hidden})), experts).k;
    return always + routed * k / experts;
  }
};
ASSAY_REGISTER(Model, MoeMlp);

}  // namespace
}  // namespace assay::models
