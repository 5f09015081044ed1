// Chooses training examples: the data with a training split of those that the selector takes out of
// it, and of those that an earlier choice (`chosen`, of the same data) took, which come first. So
// rounds of active learning are stages: select, train, select with that model and that choice,
// train. Which rows of the split they are is the truth "selected".
#include <algorithm>

#include "components/selectors/selector.h"

namespace assay::stages {
namespace {

constexpr const char* kRows = "selected";

struct Select final : Stage {
  using Gives = Data;
  static constexpr Info kInfo{"select", 1, "Chooses a part of the training examples."};
  Input<Data> data;
  Input<TrainedModel> model;
  Input<Data> chosen;
  Slot<Selector> selector{"uniform"};
  int count = 100;

  static void params(Params<Select>& p) {
    p.add("data", &Select::data).doc("Whose training split it chooses from.");
    p.add("model", &Select::model).optional().doc("Whose outputs or activations it looks at.");
    p.add("chosen", &Select::chosen)
        .optional()
        .doc("An earlier choice from these data, to which it adds.");
    p.add("selector", &Select::selector).doc("How it chooses.");
    p.add("count", &Select::count)
        .range(1, 1e9)
        .unit("examples")
        .doc("Added; all that are left where there are fewer.");
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const Data& source = context.get(data);
    const TrainedModel* looks = context.get_if(model);
    if (looks) require_same_input(looks->format, source.format);
    std::vector<int> rows = rows_of(context.get_if(chosen), source);
    const std::vector<int> added = selector->choose({source.train, source.format, looks, rows},
                                                    count, context.stream("select"));
    rows.insert(rows.end(), added.begin(), added.end());
    auto out = std::make_shared<Data>(source);
    out->train = source.train.select(rows, source.format);
    out->train.rows.clear();
    nn::Tensor& selected = out->truth[kRows];
    selected = nn::Tensor({static_cast<int>(rows.size())}, nn::Dtype::kFloat64);
    for (std::size_t i = 0; i < rows.size(); ++i)
      selected.set(static_cast<std::int64_t>(i), rows[i]);
    context.metric("train_examples", out->train.count);
    return out;
  }

 private:
  static std::vector<int> rows_of(const Data* before, const Data& source) {
    std::vector<int> out;
    if (!before) return out;
    const auto selected = before->truth.find(kRows);
    if (selected == before->truth.end())
      throw std::runtime_error("chosen: it is no choice by a stage select");
    for (std::int64_t i = 0; i < selected->second.count(); ++i)
      out.push_back(static_cast<int>(selected->second.get(i)));
    if (before->format != source.format ||
        std::any_of(out.begin(), out.end(), [&](int row) { return row >= source.train.count; }))
      throw std::runtime_error("chosen: it was chosen from other data");
    return out;
  }
};
ASSAY_REGISTER(Stage, Select);

}  // namespace
}  // namespace assay::stages
