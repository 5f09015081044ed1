// Tumour features, 30 numbers, malignant or benign. Shipped in datasets/, with its licence. Columns
// of normal noise may follow them; the truth "informative" then is 1 for the 30 and 0 for the
// others.
#include "components/datasets/tabular.h"

namespace assay::datasets {
namespace {

struct BreastCancer final : Dataset, SplitRule {
  static constexpr Info kInfo{"breast-cancer", 1,
                              "Tumour features, 30 numbers, malignant or benign.",
                              "UCI Breast Cancer Wisconsin, Diagnostic (Street et al. 1993)"};
  int noise_features = 0;

  static void params(Params<BreastCancer>& p) {
    add_split(p);
    p.add("noise_features", &BreastCancer::noise_features)
        .range(0, 1e4)
        .unit("features")
        .doc("Of standard normal noise, behind the others.")
        .since(2);
  }
  std::string check() const override { return check_fractions(valid, test); }
  std::shared_ptr<const Data> make() const override {
    const auto rows =
        parse_csv(read_dataset_file("breast_cancer.csv"), 30 + 1, "breast_cancer.csv", 1);
    auto out = make_tabular("breast-cancer", rows, 30, 2, *this);
    if (noise_features == 0) return out;
    Stream stream(0, static_cast<std::uint64_t>(split), "breast-cancer", "noise");
    for (Examples* part : {&out->train, &out->valid, &out->test}) append_noise(*part, stream);
    out->format.width += noise_features;
    nn::Tensor& informative = out->truth["informative"] = nn::Tensor({out->format.width});
    for (int j = 0; j < 30; ++j) informative.set(j, 1.0);
    return out;
  }

 private:
  void append_noise(Examples& examples, Stream& stream) const {
    const int before = examples.features.shape().back(), width = before + noise_features;
    nn::Tensor wider({examples.count, width});
    for (int i = 0; i < examples.count; ++i)
      for (int j = 0; j < width; ++j)
        wider.set(std::int64_t{i} * width + j,
                  j < before ? examples.features.at(i, j) : stream.normal());
    examples.features = std::move(wider);
  }
};
ASSAY_REGISTER(Dataset, BreastCancer);

}  // namespace
}  // namespace assay::datasets
