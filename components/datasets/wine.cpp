// Chemical analyses of 178 wines, 13 numbers, 3 cultivars. Shipped in datasets/, with its licence.
#include "components/datasets/tabular.h"

namespace assay::datasets {
namespace {

struct Wine final : Dataset, SplitRule {
  static constexpr Info kInfo{"wine", 1, "Chemical analyses of wines, 13 numbers, 3 cultivars.",
                              "UCI Wine (Aeberhard and Forina 1992)"};

  static void params(Params<Wine>& p) { add_split(p); }
  std::string check() const override { return check_fractions(valid, test); }
  std::shared_ptr<const Data> make() const override {
    const auto rows = parse_csv(read_dataset_file("wine_data.csv"), 13 + 1, "wine_data.csv", 1);
    return make_tabular("wine", rows, 13, 3, *this);
  }
};
ASSAY_REGISTER(Dataset, Wine);

}  // namespace
}  // namespace assay::datasets
