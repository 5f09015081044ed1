// Wrong labels in the training split alone: of each class, round(rate * n) of its n examples, drawn
// without replacement, get another label: any other with equal chance (symmetric), the next class
// (pairwise), or the class that `map` gives (asymmetric). The exact share of each class, where
// Patrini et al. flip every label by chance: the transition matrix is then what is asked for, not
// near it.
#include <cmath>

#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct LabelNoise final : Dataset {
  enum class Kind { kSymmetric, kPairwise, kMap };
  static constexpr Info kInfo{"label-noise", 1, "Wrong labels in the training split.",
                              "Patrini et al. 2017, arXiv:1609.03683 (symmetric, asymmetric); Han "
                              "et al. 2018, arXiv:1804.06872 (pairwise)"};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample = "dataset = \"iris\"";
  Slot<Dataset> dataset;
  Kind kind = Kind::kSymmetric;
  double rate = 0.2;
  std::vector<int> map;
  int draw = 0;

  static void params(Params<LabelNoise>& p) {
    p.add("dataset", &LabelNoise::dataset).required().doc("Whose labels.");
    p.add("kind", &LabelNoise::kind, {"symmetric", "pairwise", "map"})
        .doc("To any other class, to the next one, or to what map says.");
    p.add("rate", &LabelNoise::rate).range(0, 1).doc("Share of each class that is made wrong.");
    p.add("map", &LabelNoise::map)
        .at_least(0)
        .doc("For each class the one it is mistaken for; its own: it is left alone.");
    p.add("draw", &LabelNoise::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    if (map.empty() != (kind == Kind::kMap)) return {};
    return kind == Kind::kMap ? "map is empty; kind = \"map\" needs a class for each class"
                              : "map is only for kind = \"map\"";
  }

  void check_map(int classes) const {
    if (kind != Kind::kMap) return;
    bool good = static_cast<int>(map.size()) == classes;
    for (const int to : map) good = good && to < classes;
    if (!good)
      throw std::runtime_error("label-noise: map has to give one of the " +
                               std::to_string(classes) + " classes for each of them");
  }

  int mistaken(int label, int classes, Stream& stream) const {
    if (kind == Kind::kMap) return map[static_cast<std::size_t>(label)];
    if (kind == Kind::kPairwise) return (label + 1) % classes;
    const int other = static_cast<int>(stream.below(static_cast<std::uint64_t>(classes - 1)));
    return other < label ? other : other + 1;
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    require_one_label(*out, kInfo.name);
    const int classes = out->format.classes;
    check_map(classes);
    if (classes < 2) throw std::runtime_error("label-noise needs at least two classes");
    Examples& train = out->train;
    // Under another label noise, what was right at first stays the truth.
    if (!out->truth.contains("clean-labels")) {
      nn::Tensor& clean = out->truth["clean-labels"] = nn::Tensor({train.count, 1});
      for (int i = 0; i < train.count; ++i) clean.set(i, train.labels[static_cast<std::size_t>(i)]);
    }
    const Stream stream(0, static_cast<std::uint64_t>(draw), "label-noise", "draw");
    Stream labels = stream.fork("labels");
    const auto members = rows_by_class(train, classes);
    for (int c = 0; c < classes; ++c) {
      const auto& rows = members[static_cast<std::size_t>(c)];
      for (const int row : draw_rows(rows, share_of(rate, rows.size()),
                                     stream.fork("which", static_cast<std::uint64_t>(c))))
        train.labels[static_cast<std::size_t>(row)] = mistaken(c, classes, labels);
    }
    return out;
  }
};
ASSAY_REGISTER(Dataset, LabelNoise);

}  // namespace
}  // namespace assay::datasets
