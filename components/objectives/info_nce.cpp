// Contrast between views of the same example and of others. Two passes over the batch, each with
// normal noise of its own on the features (and the model's own dropout), give embeddings z_i and
// z_i' of unit length; the loss is the cross-entropy of picking i' among all 2n - 1 others by
// cos(z_i, z) / T, both ways (NT-Xent). Labels are not used. It is no mean of losses of single
// examples, each being set against the others, so it weighs none.
#include "components/objectives/objective.h"

namespace assay::objectives {
namespace {

struct InfoNce final : Objective {
  static constexpr Info kInfo{
      "info-nce", 1, "Contrast of noisy views (NT-Xent).",
      "van den Oord et al. 2018, arXiv:1807.03748, eq. 4; Chen et al. 2020, "
      "arXiv:2002.05709, eq. 1",
      true};
  static constexpr std::string_view kNeutral = "";  // what the model gives fits no other
  float temperature = 0.5F;
  float noise = 0.5F;

  static void params(Params<InfoNce>& p) {
    p.add("temperature", &InfoNce::temperature)
        .above(0)
        .at_most(100)
        .doc("T.")
        .source("Chen et al. 2020, table 5");
    p.add("noise", &InfoNce::noise)
        .neutral(0.0)
        .range(0, 100)
        .doc("Standard deviation of what each view adds to the features.");
  }
  nn::Var loss(nn::Forward& pass, const Model& model, const DataFormat& format,
               const Examples& batch) const override {
    if (format.tokens && noise > 0.0F)
      throw std::runtime_error("info-nce: tokens take no noise; allowed: noise = 0 and dropout");
    if (model.output() == Model::Output::kVelocity)
      throw std::runtime_error("info-nce contrasts embeddings; the model gives velocities");
    auto& both = pass.kept<Examples>();
    view_twice(pass, batch, both);
    const nn::Var out = model.forward(pass, format, both);
    const int n = both.count, d = static_cast<int>(out.shape().count() / n);
    const nn::Var z = unit_rows(nn::reshape(out, {n, d}));
    nn::Var similar = nn::scale(nn::matmul_transposed(z, z), 1.0 / temperature);
    // Nothing is compared with itself.
    similar = nn::add(similar, pass.tape().constant({n, n}, [&](nn::Tensor& mask) {
      mask.fill(0.0);
      for (int i = 0; i < n; ++i) mask.set(std::int64_t{i} * n + i, -1e9);
    }));
    const auto partner = pass.tape().scratch<int>(static_cast<std::size_t>(n));
    for (int i = 0; i < n; ++i) partner[static_cast<std::size_t>(i)] = (i + n / 2) % n;
    return nn::cross_entropy(similar, partner);
  }

 private:
  void view_twice(const nn::Forward& pass, const Examples& batch, Examples& both) const {
    both.count = 2 * batch.count;
    both.tokens.clear();
    for (int view = 0; view < 2; ++view)
      both.tokens.insert(both.tokens.end(), batch.tokens.begin(), batch.tokens.end());
    if (batch.features.empty()) return;
    const std::int64_t each = batch.features.count();
    both.features.resize({both.count, batch.features.shape().back()}, nn::Dtype::kFloat32);
    Stream stream = pass.stream("views");
    for (std::int64_t i = 0; i < 2 * each; ++i)
      both.features.set(i, batch.features.get(i % each) + noise * stream.normal());
  }
  static nn::Var unit_rows(nn::Var a) {
    const nn::Var squares = nn::shift(nn::sum_columns(nn::square(a)), 1e-12);
    return nn::multiply_column(a, nn::exp(nn::scale(nn::log(squares), -0.5)));
  }
};
ASSAY_REGISTER(Objective, InfoNce);

}  // namespace
}  // namespace assay::objectives
