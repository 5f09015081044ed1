#pragma once

#include <memory>
#include <string>
#include <vector>

#include "components/datasets/dataset.h"

namespace assay {

// Numbers of a CSV text, row by row; every row must have `columns` numbers. Throws
// std::runtime_error with file and line.
std::vector<double> parse_csv(const std::string& text, int columns, const std::string& name,
                              int skip_lines);

// A classification set from rows of `width` features and a label: a stratified split into train,
// valid and test (fractions of each class), features shifted and scaled by the mean and standard
// deviation of the training split alone (columns that do not vary are only shifted).
std::shared_ptr<Data> make_tabular(const std::string& name, const std::vector<double>& rows,
                                   int width, int classes, int split, double valid, double test);
// What is wrong with the fractions, for check(); empty where some of each class is left to train
// on.
std::string check_fractions(double valid, double test);

}  // namespace assay
