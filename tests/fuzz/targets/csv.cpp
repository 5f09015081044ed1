// A letter for the options, then the table.
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

constexpr const char* kOptions[] = {
    R"(label = "-1")",
    R"(header = false, label = "-1")",
    R"(label = "y", categorical = ["z"], missing = "mean")",
    R"(header = false, label = "", targets = ["-1"], missing = "mean", normalise = "global")",
    R"(delimiter = ";", label = "y", ignore = ["x"], shuffle = false)",
    R"(delimiter = "\t", skip = 2, label = "1", normalise = "range")",
    R"(header = false, label = "1", categorical = ["2", "-1"], missing = "mean")",
    R"(label = "", normalise = "none", missing_values = ["0", ""], missing = "mean")"};

void read(Bytes bytes) {
  static const MemoryPath file;
  Feed feed(bytes);
  const std::string options = feed.choice(kOptions);
  file.write(feed.rest());
  make_and_check(*build(R"({ use = "csv", test = 0.3, valid = 0.0, file = ")" + file.path() +
                        "\", " + options + " }"));
}

}  // namespace
ASSAY_FUZZ_TARGET(csv, read)
}  // namespace assay::fuzz
