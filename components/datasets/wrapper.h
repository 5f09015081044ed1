#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "components/datasets/dataset.h"

// What data sets share that change another data set.
namespace assay {

// The inner data, to be changed, named "outer(inner)".
std::shared_ptr<Data> begin_wrapper(const Slot<Dataset>& inner, std::string_view outer);

inline constexpr std::string_view kSplitNames[] = {"train", "valid", "test"};
enum class Split { kTrain, kValid, kTest };
inline Examples& split_of(Data& data, Split split) {
  return split == Split::kTrain ? data.train : split == Split::kValid ? data.valid : data.test;
}

// What is wrong with a list of splits, for check(); empty where each is named once.
std::string check_splits(std::span<const Split> splits);

// Leaves of a split the examples at these indices, in this order. Truth with a row for each example
// of the split follows; where that might be of another split as well (both have as many examples),
// it is dropped.
void keep_rows(Data& data, Split split, std::span<const int> rows);

// Drops the truth that describes features which are no more as they were: arrays as wide as they.
void drop_feature_truth(Data& data);

// Throw std::runtime_error naming the wrapper, where examples have not one label each, or no
// features.
void require_one_label(const Data& data, std::string_view wrapper);
void require_features(const Data& data, std::string_view wrapper);

// Indices of the examples of each class.
std::vector<std::vector<int>> rows_by_class(const Examples& examples, int classes);

// `count` of the indices, drawn without replacement.
std::vector<int> draw_rows(std::vector<int> from, std::size_t count, Stream stream);

// round(fraction * count).
std::size_t share_of(double fraction, std::size_t count);

}  // namespace assay
