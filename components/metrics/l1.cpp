// Mean over examples of sum_i |z_i|, and, as "l1-written", of sum_i |z_i| |D_i|: how much each
// latent writes. Where directions have norm 1 they are the same; where norms are free only the
// second is of a scale that means something. In the units in which the autoencoder sees its inputs.
#include <cmath>

#include "components/metrics/metric.h"

namespace assay::metrics {
namespace {

struct L1 final : Metric {
  static constexpr Info kInfo{"l1", 1, "Mean sum of the codes, and of what they write.",
                              "Bricken et al. 2023; Conerly et al. 2024 (written)"};
  std::string_view needs() const override { return "data sae"; }
  void measure(Evaluation& e, const Sink& sink) const override {
    const nn::Tensor& codes = e.codes();
    const int n = static_cast<int>(codes.shape().rows()), latents = codes.shape().back();
    const std::vector<double> norms = row_norms(e.sae->parameters.get("decoder.weight").value);
    double plain = 0.0, written = 0.0;
    for (int i = 0; i < n; ++i)
      for (int l = 0; l < latents; ++l) {
        const double z = std::abs(codes.at(i, l));
        plain += z;
        written += z * norms[static_cast<std::size_t>(l)];
      }
    sink("l1", plain / n);
    sink("l1-written", written / n);
  }

 private:
  static std::vector<double> row_norms(const nn::Tensor& rows) {
    std::vector<double> out;
    for (int i = 0; i < rows.shape()[0]; ++i) {
      double squares = 0.0;
      for (int j = 0; j < rows.shape().back(); ++j) squares += rows.at(i, j) * rows.at(i, j);
      out.push_back(std::sqrt(squares));
    }
    return out;
  }
};
ASSAY_REGISTER(Metric, L1);

}  // namespace
}  // namespace assay::metrics
