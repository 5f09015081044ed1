// Handwritten digits, 8x8 pixels, 10 classes. Shipped in datasets/, with its licence.
#include "components/datasets/tabular.h"

namespace assay::datasets {
namespace {

struct Digits final : Dataset {
  static constexpr Info kInfo{
      "digits", 1, "Handwritten digits, 8x8 pixels, 10 classes.",
      "UCI Optical Recognition of Handwritten Digits (Alpaydin and Kaynak 1998)"};
  int split = 0;
  double valid = 0.1;
  double test = 0.2;

  static void params(Params<Digits>& p) {
    p.add("split", &Digits::split).at_least(0).doc("Which of the seeded stratified splits.");
    p.add("valid", &Digits::valid).range(0, 0.5).doc("Fraction of each class for validation.");
    p.add("test", &Digits::test).range(0.01, 0.5).doc("Fraction of each class for testing.");
  }
  std::string check() const override { return check_fractions(valid, test); }
  std::shared_ptr<const Data> make() const override {
    const auto rows = parse_csv(read_dataset_file("digits.csv.gz"), 64 + 1, "digits.csv.gz", 0);
    return make_tabular("digits", rows, 64, 10, split, valid, test);
  }
};
ASSAY_REGISTER(Dataset, Digits);

}  // namespace
}  // namespace assay::datasets
