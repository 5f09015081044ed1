// Images and labels in IDX files, the format of MNIST and its kin: one pair that is split, or a
// second pair that is the test split.
#include "components/datasets/arrays.h"

namespace assay::datasets {
namespace {

struct Idx final : Dataset, SplitRule {
  static constexpr Info kInfo{"idx", 1, "Images and labels in IDX files of one's own.",
                              "LeCun, Cortes and Burges 1998, The MNIST database (the format)"};
  static constexpr std::string_view kExample =
      "images = \"digits-images.idx.gz\", labels = \"digits-labels.idx.gz\"";
  std::string images;
  std::string labels;
  std::string test_images;
  std::string test_labels;
  std::vector<std::string> sha256;
  Idx() { normalise = Normalise::kGlobal; }

  static void params(Params<Idx>& p) {
    p.add("images", &Idx::images)
        .required()
        .doc("The file, from the working directory; a bare name also among the shipped data.");
    p.add("labels", &Idx::labels).required().doc("The file of their labels, likewise.");
    p.add("test_images", &Idx::test_images)
        .doc("A file of images for the test split, instead of a fraction of the first.");
    p.add("test_labels", &Idx::test_labels).doc("Their labels.");
    p.add("sha256", &Idx::sha256)
        .doc(
            "Of the files in the order of these parameters, as sha256sum prints them; without "
            "them results are reused though a file changed.");
    add_rule(p);
  }

  std::string check() const override {
    if (test_images.empty() != test_labels.empty())
      return "test_images and test_labels go together";
    const std::size_t files = test_images.empty() ? 2 : 4;
    if (!sha256.empty() && sha256.size() != files)
      return "sha256 has " + std::to_string(sha256.size()) + " entries for " +
             std::to_string(files) + " files";
    return check_fractions(valid, test);
  }

  Examples read(const std::string& of_images, const std::string& of_labels, std::size_t first,
                DataFormat& format) const {
    const auto array = [&](const std::string& file, std::size_t i) {
      return parse_idx(read_user_file(file, sha256.empty() ? std::string() : sha256[first + i]),
                       file);
    };
    return examples_of({{"images", array(of_images, 0)}, {"labels", array(of_labels, 1)}},
                       {"images", "labels", ""}, of_images, format);
  }

  std::shared_ptr<const Data> make() const override {
    DataFormat format;
    const Examples all = read(images, labels, 0, format);
    if (test_images.empty()) return split_examples("idx", all, format, *this);
    DataFormat of_test;
    const Examples tests = read(test_images, test_labels, 2, of_test);
    if (of_test.width != format.width || of_test.positions != format.positions)
      throw std::runtime_error(test_images + " and " + images + " hold examples of other sizes");
    format.classes = std::max(format.classes, of_test.classes);
    return split_examples("idx", all, tests, format, *this);
  }
};
ASSAY_REGISTER(Dataset, Idx);

}  // namespace
}  // namespace assay::datasets
