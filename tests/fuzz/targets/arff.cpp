// A letter for the options, then the table.
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

constexpr const char* kOptions[] = {
    R"(missing = "error")", R"(missing = "mean")",
    R"(label = "", targets = ["-1"], missing = "mean", normalise = "global")",
    R"(label = "y", ignore = ["z"], missing = "mean", shuffle = false)",
    R"(label = "1", normalise = "range")"};

void read(Bytes bytes) {
  static const MemoryPath file;
  Feed feed(bytes);
  const std::string options = feed.choice(kOptions);
  file.write(feed.rest());
  make_and_check(*build(R"({ use = "arff", test = 0.3, valid = 0.0, file = ")" + file.path() +
                        "\", " + options + " }"));
}

}  // namespace
ASSAY_FUZZ_TARGET(arff, read)
}  // namespace assay::fuzz
