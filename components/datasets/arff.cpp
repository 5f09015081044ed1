// A table with declared attributes, the format of Weka. Nominal features give an indicator for each
// of their values; the label is a nominal attribute, its classes in the order of their declaration.
// Strings and dates have to be ignored, sparse rows are refused.
#include <cmath>

#include "components/datasets/parse_arff.h"

namespace assay::datasets {
namespace {

struct ArffFile final : FileDataset {
  enum class Missing { kError, kMean };
  static constexpr Info kInfo{"arff", 1, "A table of one's own in Weka's format.",
                              "Witten and Frank 1999, Weka (the format)"};
  static constexpr std::string_view kExample = "file = \"iris.arff\"";
  std::string label = "-1";
  std::vector<std::string> targets;
  std::vector<std::string> ignore;
  Missing missing = Missing::kError;

  static void params(Params<ArffFile>& p) {
    add_file(p);
    p.add("label", &ArffFile::label)
        .doc(
            "The attribute of the class: its name, its number from 1, or from -1 backwards; \"\" "
            "for none.");
    p.add("targets", &ArffFile::targets).doc("Attributes to predict as numbers, named likewise.");
    p.add("ignore", &ArffFile::ignore).doc("Attributes that are left out.");
    p.add("missing", &ArffFile::missing, {"error", "mean"})
        .doc("A missing feature stops the study, or becomes the mean of the training part.");
    add_rule(p);
  }

  void check_features(const Arff& arff, std::span<const Role> roles) const {
    for (std::size_t c = 0; c < roles.size(); ++c) {
      if (roles[c] == Role::kIgnored) continue;
      if (arff.unreadable[c])
        throw std::runtime_error(file + ": attribute \"" + arff.names[c] +
                                 "\" is neither numeric nor nominal; name it in ignore");
      const auto& values = arff.table.columns[c].values;
      const auto hole = std::find_if(values.begin(), values.end(),
                                     [](double value) { return std::isnan(value); });
      if (missing == Missing::kError && hole != values.end())
        throw std::runtime_error(
            file + ":" +
            std::to_string(arff.table.lines[static_cast<std::size_t>(hole - values.begin())]) +
            ": attribute \"" + arff.names[c] + "\" is missing (missing = \"mean\" fills features)");
    }
  }

  std::shared_ptr<const Data> make() const override {
    const std::string text = bytes();
    const Arff arff = parse_arff(text, file);
    const auto roles = resolve_roles(arff.names, {label, targets, ignore}, file);
    check_features(arff, roles);
    return make_from_table("arff", arff.table, roles, *this);
  }
};
ASSAY_REGISTER(Dataset, ArffFile);

}  // namespace
}  // namespace assay::datasets
