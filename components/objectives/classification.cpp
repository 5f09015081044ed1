#include "components/objectives/classification.h"

namespace assay::objectives {

Labelled run_classifier(nn::Forward& pass, const Model& model, const DataFormat& format,
                        const Examples& batch, std::string_view objective) {
  if (format.classes < 1)
    throw std::runtime_error(std::string(objective) + " needs labels; the data have none");
  const nn::Var out = nn::reshape(model.forward(pass, format, batch),
                                  {batch.count * format.positions, format.classes});
  const auto labels = pass.tape().scratch<int>(batch.labels.size()),
             rows = pass.tape().scratch<int>(batch.labels.size());
  std::size_t found = 0;
  for (std::size_t i = 0; i < batch.labels.size(); ++i) {
    if (batch.labels[i] < 0) continue;
    rows[found] = static_cast<int>(i);
    labels[found++] = batch.labels[i];
  }
  auto weights = row_weights(pass, out.shape()[0]);
  if (found == batch.labels.size()) return {out, labels.first(found), weights};
  if (!weights.empty()) {
    const auto kept = pass.tape().scratch<double>(found);
    for (std::size_t i = 0; i < found; ++i) kept[i] = weights[static_cast<std::size_t>(rows[i])];
    weights = kept;
  }
  return {nn::gather_rows(out, rows.first(found)), labels.first(found), weights};
}

nn::Var mean_at_labels(nn::Var rows, std::span<const int> labels, std::span<const double> weights) {
  return mean(nn::gather_columns(rows, labels, 1), weights);
}

}  // namespace assay::objectives
