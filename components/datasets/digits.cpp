// Handwritten digits, 8x8 pixels, 10 classes. Shipped in datasets/, with its licence. Turned, they
// are another task with the same pixels and classes.
#include "components/datasets/tabular.h"

namespace assay::datasets {
namespace {

struct Digits final : Dataset, SplitRule {
  static constexpr Info kInfo{
      "digits", 1, "Handwritten digits, 8x8 pixels, 10 classes.",
      "UCI Optical Recognition of Handwritten Digits (Alpaydin and Kaynak 1998)"};

  static void params(Params<Digits>& p) {
    add_split(p);
    p.add("normalise", &Digits::normalise, std::span(kNormaliseNames))
        .doc(
            "By each pixel, or by all of them together, so that it stays an image: to mean 0 and "
            "deviation 1, or from -1 (paper) to 1 (ink).")
        .since(2);
  }
  std::string check() const override { return check_fractions(valid, test); }
  std::shared_ptr<const Data> make() const override {
    const auto rows = parse_csv(read_dataset_file("digits.csv.gz"), 64 + 1, "digits.csv.gz", 0);
    return make_tabular("digits", rows, 64, 10, *this);
  }
};
ASSAY_REGISTER(Dataset, Digits);

}  // namespace
}  // namespace assay::datasets
