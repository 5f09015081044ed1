// A letter for the options, two bytes for the length of the images, the images, the labels.
#include "tests/fuzz/target.h"

namespace assay::fuzz {
namespace {

constexpr const char* kOptions[] = {"", R"(, normalise = "none", shuffle = false)",
                                    R"(, normalise = "feature")", R"(, normalise = "range")",
                                    "two"};

void read(Bytes bytes) {
  static const MemoryPath images, labels;
  Feed feed(bytes);
  std::string options = feed.choice(kOptions);
  images.write(feed.text(feed.number(2)));
  labels.write(feed.rest());
  const std::string pair = "images = \"" + images.path() + "\", ", test_pair = "test_" + pair;
  const std::string of = "labels = \"" + labels.path() + "\"";
  if (options == "two") options = ", " + test_pair + "test_" + of;
  make_and_check(*build("{ use = \"idx\", test = 0.3, valid = 0.0, " + pair + of + options + " }"));
}

}  // namespace
ASSAY_FUZZ_TARGET(idx, read)
}  // namespace assay::fuzz
