// Arrays of NumPy, as np.savez and np.savez_compressed write them; a file of one array (np.save) is
// read as the array "array".
#include "components/datasets/arrays.h"

namespace assay::datasets {
namespace {

struct Npz final : ArrayDataset {
  static constexpr Info kInfo{"npz", 1, "Arrays of NumPy in a file of one's own.",
                              "NumPy Enhancement Proposal 1 (the format)"};
  static constexpr std::string_view kExample = "file = \"iris.npz\"";
  static void params(Params<Npz>& p) { add_arrays(p); }

  std::shared_ptr<const Data> make() const override {
    const std::string all = bytes();
    if (all.starts_with("\x93NUMPY")) return split_arrays("npz", {{"array", parse_npy(all, file)}});
    return split_arrays("npz", parse_npz(all, file));
  }
};
ASSAY_REGISTER(Dataset, Npz);

}  // namespace
}  // namespace assay::datasets
