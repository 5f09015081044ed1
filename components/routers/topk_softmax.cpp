// Sends each row to its k largest logits H; weights are softmax(H / T) over those k, or over all
// (`normalise`). H = W x, or in training with `noise` H = W x + z * softplus(W_noise x), z standard
// normal (Shazeer et al. 2017, eq. 4), W_noise learnt from zeros; eq. 4's noise keeps the choice
// near a tie from being settled. With k = 2 chance may have a say in the second expert (`second`),
// in training alone, though GShard's and DeepSpeed's gates draw in evaluation too. Balance and z
// losses: components/routers/choice.h.
#include "components/routers/choice.h"
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
  Normalise normalise = Normalise::kKept;
  bool noise = false;
  BalanceLoss balance_loss = BalanceLoss::kSwitch;
  float z_loss = 0.0F;
  Second second = Second::kBest;

  static void params(Params<TopkSoftmax>& p) {
    p.add("k", &TopkSoftmax::k).range(1, kMaxExperts).unit("experts").doc("Kept for each row.");
    p.add("temperature", &TopkSoftmax::temperature).above(0).doc("T; larger is flatter.");
    p.add("balance", &TopkSoftmax::balance)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the balance loss.")
        .source("Fedus et al. 2021, 2.2");
    p.add("normalise", &TopkSoftmax::normalise, kNormaliseNames)
        .doc(
            "Softmax over the experts that are kept, or over all: weights then sum to less than 1.")
        .since(2);
    p.add("noise", &TopkSoftmax::noise)
        .doc("In training, adds normal noise of a learnt deviation to the logits.")
        .source("Shazeer et al. 2017, eq. 4")
        .since(2);
    p.add("balance_loss", &TopkSoftmax::balance_loss, kBalanceLossNames)
        .doc(
            "switch: E sum f P over all k choices; gshard: mean of first choices times P; "
            "importance: squared variation of the summed weights.")
        .since(2);
    p.add("z_loss", &TopkSoftmax::z_loss)
        .neutral(0.0)
        .at_least(0)
        .doc("Weight of the mean squared logarithm of the softmax's sum; 0.001 in the paper.")
        .source("Zoph et al. 2022, arXiv:2202.08906, eq. 5")
        .since(2);
    p.add("second", &TopkSoftmax::second, kSecondNames)
        .doc(
            "In training, for k = 2: best, the second best; by-weight, kept with a probability of "
            "twice its share of the two weights; sampled, drawn from the softmax over all but the "
            "best.")
        .source("Lepikhin et al. 2020, arXiv:2006.16668, algorithm 1; DeepSpeed's top-2 gate")
        .since(3);
  }
  std::string check() const override {
    return second == Second::kBest || k == 2
               ? ""
               : std::string("second: \"") + std::string(kSecondNames[static_cast<int>(second)]) +
                     "\" is for k = 2";
  }
  std::string check_experts(int experts) const override { return k_fits(k, experts); }
  double visits(int /*experts*/) const override { return k; }

  void declare(nn::Parameters& out, std::string_view name, int features, int experts,
               const Stream& init) const override {
    nn::declare_linear(out, name, features, experts, 1.0, init, nn::Role::kRouter, false);
    if (noise)
      out.add(nn::Name(name, ".noise").text(), nn::Tensor({experts, features}), nn::Role::kRouter);
  }

  nn::Var noisy(nn::Forward& pass, std::string_view name, nn::Var x, nn::Var clean) const {
    Stream stream = pass.stream(nn::Name(name, ".noise"));
    const nn::Var z = pass.tape().constant(clean.shape(), [&](nn::Tensor& out) {
      for (std::int64_t i = 0; i < out.count(); ++i) out.set(i, stream.normal());
    });
    const nn::Var deviation =
        nn::softplus(nn::matmul_transposed(x, pass.parameter(nn::Name(name, ".noise"))));
    return nn::add(clean, nn::multiply(z, deviation));
  }

  Assignment route(nn::Forward& pass, std::string_view name, nn::Var x,
                   int /*experts*/) const override {
    nn::Var logits = nn::matmul_transposed(x, pass.parameter(nn::Name(name, ".weight")));
    if (noise && pass.training()) logits = noisy(pass, name, x, logits);
    logits = among_present(pass, nn::Name(name, ".weight"), nn::scale(logits, 1.0 / temperature));
    const Assignment out =
        keep_top_k(pass, name, logits, {k, normalise, balance, balance_loss, second});
    if (z_loss > 0) add_z_loss(pass, name, z_loss, logits);
    return out;
  }
};
ASSAY_REGISTER(Router, TopkSoftmax);

}  // namespace
}  // namespace assay::routers
