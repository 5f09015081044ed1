#include "components/metrics/splicing.h"

namespace assay::metrics {
namespace {

nn::Tensor outputs_with(const Evaluation& e, const nn::Forward::Hook& hook) {
  return e.model->outputs(e.examples(), std::span(&hook, 1));
}

// Of each column.
nn::Tensor means(const nn::Tensor& x) {
  const int d = x.shape().back();
  nn::Tensor out({d});
  for (int j = 0; j < d; ++j) {
    double sum = 0.0;
    for (std::int64_t i = j; i < x.count(); i += d) sum += x.get(i);
    out.set(j, sum / static_cast<double>(x.shape().rows()));
  }
  return out;
}

}  // namespace

const std::string& given_site(const Evaluation& e, const std::string& metric) {
  const TrainedSae& sae = *e.sae;
  if (sae.sites.size() != 1)
    throw std::runtime_error(
        metric + " needs an autoencoder of one site of the model; " +
        std::string(sae.sites.empty() ? "this one reads the data" : "this one reads several"));
  if (sae.targets.size() > 1)
    throw std::runtime_error(metric + " needs an autoencoder that gives one site");
  return sae.targets.empty() ? sae.sites[0] : sae.targets[0];
}

nn::Tensor outputs_ablated(Evaluation& e, Ablation how, const std::string& metric) {
  const std::string& site = given_site(e, metric);
  const nn::Tensor& x = e.targets();
  const nn::Tensor row = how == Ablation::kMean ? means(x) : nn::Tensor({x.shape().back()});
  return outputs_with(e, [&](std::string_view name, nn::Var value) {
    if (name != site) return value;
    return value.tape->constant(value.shape(), [&](nn::Tensor& out) {
      for (std::int64_t i = 0; i < out.count(); ++i) out.set(i, row.get(i % row.count()));
    });
  });
}

nn::Tensor outputs_spliced(Evaluation& e, const std::string& metric) {
  const std::string& site = given_site(e, metric);
  const TrainedSae& sae = *e.sae;
  // What it reads at one site stands at the other by the time that the pass comes there.
  return outputs_with(e, [&, made = nn::Tensor()](std::string_view name, nn::Var value) mutable {
    if (name == sae.sites[0]) made = sae.reconstruct(value.tape->value(value));
    if (name != site) return value;
    if (made.count() != value.shape().count())
      throw std::runtime_error(metric + ": the pass reaches \"" + std::string(name) +
                               "\" before \"" + sae.sites[0] + "\"");
    return value.tape->constant(made.reshaped(value.shape()));
  });
}

}  // namespace assay::metrics
