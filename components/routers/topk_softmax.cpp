// Sends each row to its k largest logits W x; weights are softmax(logits / T) over those k. With
// `balance` it adds the loss of Switch Transformers: E * sum_e f_e P_e, f_e the share of
// assignments that expert e gets and P_e its mean probability; 1 when the load is even.
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
  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts, 1.0, init, nn::Role::kRouter, false);
  }
  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int experts) const override {
    const nn::Var logits = nn::scale(
        nn::matmul_transposed(x, pass.parameter(nn::Name(name, ".weight"))), 1.0 / temperature);
    const int n = x.shape()[0];
    Assignment out;
    out.k = k;
    out.experts = nn::largest_columns(logits, k);
    out.weights = nn::softmax(nn::gather_columns(logits, out.experts, k));
    add_load(pass, name, out.experts, experts);
    if (balance > 0) {
      const nn::Var share = pass.tape().constant(pass.statistics().back().value);
      const nn::Var probability = nn::mean_rows(nn::softmax(logits));
      pass.add_loss(nn::Name(name, ".balance"), nn::scale(nn::sum(nn::multiply(share, probability)),
                                                          static_cast<double>(balance) * experts /
                                                              (static_cast<double>(n) * k)));
    }
    return out;
  }
};
ASSAY_REGISTER(Router, TopkSoftmax);

}  // namespace
}  // namespace assay::routers
