// Few examples to learn from: `examples` of each class in the training split, drawn without
// replacement. Validation and test stay whole.
#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct FewShot final : Dataset {
  static constexpr Info kInfo{"few-shot", 1, "A few training examples of each class.",
                              "Vinyals et al. 2016, arXiv:1606.04080 (the setting)"};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\"";
  Slot<Dataset> dataset;
  int examples = 5;
  int draw = 0;

  static void params(Params<FewShot>& p) {
    p.add("dataset", &FewShot::dataset).required().doc("Whose training split.");
    p.add("examples", &FewShot::examples)
        .range(1, 1e6)
        .unit("examples")
        .doc("Of each class to train on; a class that has fewer is an error.");
    p.add("draw", &FewShot::draw).at_least(0).doc("Which of the seeded draws.");
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    require_one_label(*out, kInfo.name);
    const Stream stream(0, static_cast<std::uint64_t>(draw), "few-shot", "draw");
    const auto members = rows_by_class(out->train, out->format.classes);
    std::vector<int> rows;
    for (std::size_t c = 0; c < members.size(); ++c) {
      if (members[c].size() < static_cast<std::size_t>(examples))
        throw std::runtime_error("few-shot: class " + std::to_string(c) + " has " +
                                 std::to_string(members[c].size()) + " training examples, not " +
                                 std::to_string(examples));
      const auto some =
          draw_rows(members[c], static_cast<std::size_t>(examples), stream.fork("which", c));
      rows.insert(rows.end(), some.begin(), some.end());
    }
    std::sort(rows.begin(), rows.end());
    keep_rows(*out, Split::kTrain, rows);
    return out;
  }
};
ASSAY_REGISTER(Dataset, FewShot);

}  // namespace
}  // namespace assay::datasets
