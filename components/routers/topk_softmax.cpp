// Sends each row to its k largest logits W x; weights are softmax(logits / T) over those k. With
// `balance` it adds the loss of Switch Transformers: E * sum_e f_e P_e, f_e the share of
// assignments that expert e gets and P_e its mean probability; 1 when the load is even.
#include <numeric>

#include "components/routers/router.h"
#include "runner/registry/registry.h"

namespace assay::routers {
namespace {

struct TopkSoftmax final : Router {
  static constexpr Info kInfo{"topk-softmax", 1,
                              "Softmax over the k best experts, with a balance loss.",
                              "Shazeer et al. 2017, eq. 3-5; balance: Fedus et al. 2021, eq. 4-6"};
  int k = 2;
  float temperature = 1.0F;
  float balance = 0.01F;

  static void params(Params<TopkSoftmax>& p) {
    p.add("k", &TopkSoftmax::k).range(1, kMaxExperts).unit("experts").doc("Kept for each row.");
    p.add("temperature", &TopkSoftmax::temperature).above(0).doc("T; larger is flatter.");
    p.add("balance", &TopkSoftmax::balance)
        .at_least(0)
        .doc("Weight of the balance loss.")
        .source("Fedus et al. 2021, 2.2");
  }
  std::string check_experts(int experts) const override {
    return k <= experts ? ""
                        : "router.k = " + std::to_string(k) + " is more than the " +
                              std::to_string(experts) + " experts";
  }
  void declare(nn::Parameters& out, const std::string& name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts, 1.0, init, nn::Role::kRouter, false);
  }
  Assignment route(nn::Forward& pass, const std::string& name, nn::Var x,
                   int experts) const override {
    const nn::Var logits =
        nn::scale(nn::matmul_transposed(x, pass.parameter(name + ".weight")), 1.0 / temperature);
    const nn::Tensor& values = pass.tape().value(logits);
    const int n = x.shape()[0];
    Assignment out;
    out.k = k;
    std::vector<int> order(static_cast<std::size_t>(experts));
    nn::Tensor load({experts});
    for (int i = 0; i < n; ++i) {
      std::iota(order.begin(), order.end(), 0);
      std::partial_sort(order.begin(), order.begin() + k, order.end(), [&](int a, int b) {
        const double left = values.at(i, a), right = values.at(i, b);
        return left != right ? left > right : a < b;
      });
      out.experts.insert(out.experts.end(), order.begin(), order.begin() + k);
      for (int j = 0; j < k; ++j)
        load.set(order[static_cast<std::size_t>(j)],
                 load.get(order[static_cast<std::size_t>(j)]) + 1);
    }
    out.weights = nn::softmax(nn::gather_columns(logits, out.experts, k));
    if (balance > 0) {
      const nn::Var share = pass.tape().constant(load);
      const nn::Var probability = nn::mean_rows(nn::softmax(logits));
      pass.add_loss(name + ".balance", nn::scale(nn::sum(nn::multiply(share, probability)),
                                                 static_cast<double>(balance) * experts /
                                                     (static_cast<double>(n) * k)));
    }
    pass.add_statistic(name + ".load", std::move(load));
    return out;
  }
};
ASSAY_REGISTER(Router, TopkSoftmax);

}  // namespace
}  // namespace assay::routers
