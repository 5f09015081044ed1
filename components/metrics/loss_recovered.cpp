// (L_ablated - L_spliced) / (L_ablated - L_clean), L the mean -log softmax(outputs)[label] of the
// model as it is, with the autoencoder's reconstruction in place of the site that it gives, and
// with an ablation there: zeros, or the site's mean over the split. 1: nothing is lost. Which
// ablation it is must be said with the number, since it sets the scale.
#include <cmath>

#include "components/metrics/likelihood.h"

namespace assay::metrics {
namespace {

struct LossRecovered final : Metric {
  enum class Baseline { kZero, kMean };
  static constexpr Info kInfo{"loss-recovered", 1,
                              "Share of an ablation's loss that the reconstruction saves.",
                              "Rajamanoharan et al. 2024, arXiv:2404.16014, section 3.2"};
  static constexpr std::string_view kBetter = "higher";
  Baseline baseline = Baseline::kZero;

  static void params(Params<LossRecovered>& p) {
    p.add("baseline", &LossRecovered::baseline, {"zero", "mean"})
        .doc("What the site is ablated to.")
        .source("Rajamanoharan et al. 2024: zero");
  }
  std::string_view needs() const override { return "model data sae"; }

  void measure(Evaluation& e, const Sink& sink) const override {
    if (e.sae->sites.size() != 1)
      throw std::runtime_error(
          "loss-recovered needs an autoencoder of one site of the model; " +
          std::string(e.sae->sites.empty() ? "this one reads the data" : "this one reads several"));
    if (e.sae->targets.size() > 1)
      throw std::runtime_error("loss-recovered needs an autoencoder that gives one site");
    const double clean = mean_nll(e, "loss-recovered");
    const double ablated = loss_with(e, ablation(e));
    const double spliced = loss_with(e, splice(*e.sae));
    if (ablated == clean)
      throw std::runtime_error("loss-recovered: ablating \"" + given_site(*e.sae) +
                               "\" does not change the loss");
    sink("loss-recovered", (ablated - spliced) / (ablated - clean));
    sink("loss-recovered-clean", clean);
    sink("loss-recovered-spliced", spliced);
    sink("loss-recovered-ablated", ablated);
  }

 private:
  static const std::string& given_site(const TrainedSae& sae) {
    return sae.targets.empty() ? sae.sites[0] : sae.targets[0];
  }
  static double loss_with(Evaluation& e, const nn::Forward::Hook& hook) {
    return mean_nll(e, e.model->outputs(e.examples(), std::span(&hook, 1)));
  }
  nn::Forward::Hook ablation(Evaluation& e) const {
    const nn::Tensor& x = e.targets();
    const int d = x.shape().back();
    nn::Tensor row({d});
    if (baseline == Baseline::kMean)
      for (int j = 0; j < d; ++j) {
        double sum = 0.0;
        for (std::int64_t i = j; i < x.count(); i += d) sum += x.get(i);
        row.set(j, sum / static_cast<double>(x.shape().rows()));
      }
    return [row, site = given_site(*e.sae)](std::string_view name, nn::Var value) {
      if (name != site) return value;
      return value.tape->constant(value.shape(), [&](nn::Tensor& out) {
        for (std::int64_t i = 0; i < out.count(); ++i) out.set(i, row.get(i % row.count()));
      });
    };
  }
  // What it reads at one site stands at the other by the time that the pass comes there.
  static nn::Forward::Hook splice(const TrainedSae& sae) {
    return [&sae, made = nn::Tensor()](std::string_view name, nn::Var value) mutable {
      if (name == sae.sites[0]) made = sae.reconstruct(value.tape->value(value));
      if (name != given_site(sae)) return value;
      if (made.count() != value.shape().count())
        throw std::runtime_error("loss-recovered: the pass reaches \"" + std::string(name) +
                                 "\" before \"" + sae.sites[0] + "\"");
      return value.tape->constant(made.reshaped(value.shape()));
    };
  }
};
ASSAY_REGISTER(Metric, LossRecovered);

}  // namespace
}  // namespace assay::metrics
