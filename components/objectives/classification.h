#pragma once

#include "components/objectives/weights.h"

namespace assay::objectives {

// A classifier's logits, one row for each label that there is, and those labels.
struct Labelled {
  nn::Var logits;                   // rows x classes
  std::span<const int> labels;      // rows
  std::span<const double> weights;  // rows, or empty where all count alike
};

// Runs the model. Throws std::runtime_error naming the objective where the data have no labels.
Labelled run_classifier(nn::Forward& pass, const Model& model, const DataFormat& format,
                        const Examples& batch, std::string_view objective);

// Mean over rows of the entry at each row's label, times the row's weight. -> scalar
nn::Var mean_at_labels(nn::Var rows, std::span<const int> labels, std::span<const double> weights);

}  // namespace assay::objectives
