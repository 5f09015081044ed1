// A letter for the options, then a zip archive of arrays or one array.
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

constexpr const char* kOptions[] = {R"(labels = "labels")", R"(labels = "")",
                                    R"(features = "array", labels = "")",
                                    R"(labels = "", targets = "labels", normalise = "range")",
                                    R"(labels = "labels", shuffle = false, normalise = "none")"};

void read(Bytes bytes) {
  static const MemoryPath file;
  Feed feed(bytes);
  const std::string options = feed.choice(kOptions);
  file.write(feed.rest());
  make_and_check(*build(R"({ use = "npz", test = 0.3, valid = 0.0, file = ")" + file.path() +
                        "\", " + options + " }"));
}

}  // namespace
ASSAY_FUZZ_TARGET(npz, read)
}  // namespace assay::fuzz
