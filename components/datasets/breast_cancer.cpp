// Tumour features, 30 numbers, malignant or benign. Shipped in datasets/, with its licence.
#include "components/datasets/tabular.h"

namespace assay::datasets {
namespace {

struct BreastCancer final : Dataset {
  static constexpr Info kInfo{"breast-cancer", 1,
                              "Tumour features, 30 numbers, malignant or benign.",
                              "UCI Breast Cancer Wisconsin, Diagnostic (Street et al. 1993)"};
  int split = 0;
  double valid = 0.1;
  double test = 0.2;

  static void params(Params<BreastCancer>& p) {
    p.add("split", &BreastCancer::split).at_least(0).doc("Which of the seeded stratified splits.");
    p.add("valid", &BreastCancer::valid)
        .range(0, 0.5)
        .doc("Fraction of each class for validation.");
    p.add("test", &BreastCancer::test).range(0.01, 0.5).doc("Fraction of each class for testing.");
  }
  std::string check() const override { return check_fractions(valid, test); }
  std::shared_ptr<const Data> make() const override {
    const auto rows =
        parse_csv(read_dataset_file("breast_cancer.csv"), 30 + 1, "breast_cancer.csv", 1);
    return make_tabular("breast-cancer", rows, 30, 2, split, valid, test);
  }
};
ASSAY_REGISTER(Dataset, BreastCancer);

}  // namespace
}  // namespace assay::datasets
