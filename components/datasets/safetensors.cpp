// Named arrays in the safetensors format (runner/registry/safetensors.h).
#include "components/datasets/arrays.h"

namespace assay::datasets {
namespace {

struct Safetensors final : ArrayDataset {
  static constexpr Info kInfo{"safetensors", 1, "Arrays in a safetensors file of one's own.",
                              "https://github.com/huggingface/safetensors (the format)"};
  static constexpr std::string_view kExample = "file = \"iris.safetensors\"";
  static void params(Params<Safetensors>& p) { add_arrays(p); }

  std::shared_ptr<const Data> make() const override {
    return split_arrays("safetensors", parse_safetensors(bytes(), file));
  }
};
ASSAY_REGISTER(Dataset, Safetensors);

}  // namespace
}  // namespace assay::datasets
