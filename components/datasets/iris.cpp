// Sepals and petals of 150 irises, 4 numbers, 3 species. Shipped in datasets/, with its licence.
#include "components/datasets/tabular.h"

namespace assay::datasets {
namespace {

struct Iris final : Dataset, SplitRule {
  static constexpr Info kInfo{"iris", 1,
                              "Lengths and widths of iris flowers, 4 numbers, 3 species.",
                              "UCI Iris (Fisher 1936)"};

  static void params(Params<Iris>& p) { add_split(p); }
  std::string check() const override { return check_fractions(valid, test); }
  std::shared_ptr<const Data> make() const override {
    const auto rows = parse_csv(read_dataset_file("iris.csv"), 4 + 1, "iris.csv", 1);
    return make_tabular("iris", rows, 4, 3, *this);
  }
};
ASSAY_REGISTER(Dataset, Iris);

}  // namespace
}  // namespace assay::datasets
