// Fashion-MNIST: 28x28 images of clothes, 10 classes, 60,000 to train on and 10,000 to test, as
// Debian's package dataset-fashion-mnist brings them. Normalised by the mean and the deviation of
// all training pixels together.
#include <filesystem>

#include "components/datasets/arrays.h"

namespace assay::datasets {
namespace {

// Of the files as they are decompressed: how they were compressed differs from place to place.
const std::map<std::string, std::string, std::less<>> kSums = {
    {"train-images-idx3", "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
    {"train-labels-idx1", "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
    {"t10k-images-idx3", "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
    {"t10k-labels-idx1", "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"}};

struct FashionMnist final : Dataset, SplitRule {
  static constexpr Info kInfo{"fashion-mnist", 1, "Images of clothes, 28x28 pixels, 10 classes.",
                              "Xiao, Rasul and Vollgraf 2017, arXiv:1708.07747"};
  static constexpr std::string_view kExample = "examples = 500, test_examples = 200";
  int examples = 60000;
  int test_examples = 10000;
  std::string folder = "/usr/share/datasets/fashion-mnist";
  FashionMnist() { normalise = Normalise::kGlobal; }

  static void params(Params<FashionMnist>& p) {
    p.add("examples", &FashionMnist::examples)
        .range(100, 60000)
        .unit("examples")
        .doc("The first of the training images, for training and validation.");
    p.add("test_examples", &FashionMnist::test_examples)
        .range(1, 10000)
        .unit("examples")
        .doc("The first of the test images.");
    p.add("split", &FashionMnist::split).at_least(0).doc("Which of the seeded stratified splits.");
    p.add("valid", &FashionMnist::valid)
        .range(0, 0.5)
        .doc("Fraction of each class for validation.");
    p.add("normalise", &FashionMnist::normalise, std::span(kNormaliseNames))
        .doc("By the training part: each pixel, all pixels together, or not at all.");
    p.add("folder", &FashionMnist::folder).doc("Where the four .gz files are.").not_in_key();
  }

  Examples read(const std::string& part, int most, DataFormat& format) const {
    const auto array = [&](const std::string& name) {
      const std::string path = folder + "/" + name + "-ubyte.gz";
      if (!std::filesystem::exists(path))
        throw NotInstalled("fashion-mnist needs " + path +
                           "; Debian's package brings it: apt-get install dataset-fashion-mnist");
      const std::string bytes = read_user_file(path, "");
      if (sha256(bytes) != kSums.at(name))
        throw std::runtime_error(path + " is damaged, or not of Fashion-MNIST");
      return parse_idx(bytes, path);
    };
    NamedArrays arrays;
    arrays["images"] = array(part + "-images-idx3");
    arrays["labels"] = array(part + "-labels-idx1");
    return examples_of(arrays, {"images", "labels", ""}, folder, format).first(most, format);
  }

  std::shared_ptr<const Data> make() const override {
    DataFormat format;
    const Examples all = read("train", examples, format),
                   tests = read("t10k", test_examples, format);
    auto out = split_examples("fashion-mnist", all, tests, format, *this);
    out->symbols = {"t-shirt", "trouser", "pullover", "dress", "coat",
                    "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
    return out;
  }
};
ASSAY_REGISTER(Dataset, FashionMnist);

}  // namespace
}  // namespace assay::datasets
