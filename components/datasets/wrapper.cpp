#include "components/datasets/wrapper.h"

#include <algorithm>
#include <cmath>

namespace assay {

namespace {

nn::Shape with_rows(const nn::Shape& shape, int rows) {
  if (shape.rank() == 1) return {rows};
  if (shape.rank() == 2) return {rows, shape[1]};
  if (shape.rank() == 3) return {rows, shape[1], shape[2]};
  return {rows, shape[1], shape[2], shape[3]};
}

nn::Tensor rows_of(const nn::Tensor& from, std::span<const int> rows) {
  nn::Tensor out(with_rows(from.shape(), static_cast<int>(rows.size())), from.dtype());
  const std::int64_t width = from.shape()[0] > 0 ? from.count() / from.shape()[0] : 0;
  std::int64_t at = 0;
  for (const int row : rows)
    for (std::int64_t j = 0; j < width; ++j) out.set(at++, from.get(row * width + j));
  return out;
}

}  // namespace

std::shared_ptr<Data> begin_wrapper(const Slot<Dataset>& inner, std::string_view outer) {
  auto out = std::make_shared<Data>(*inner->make());
  out->name = std::string(outer) + "(" + out->name + ")";
  return out;
}

std::string check_splits(std::span<const Split> splits) {
  int named[3] = {};
  for (const Split split : splits)
    if (++named[static_cast<int>(split)] > 1)
      return "splits names " + std::string(kSplitNames[static_cast<int>(split)]) + " twice";
  return {};
}

void keep_rows(Data& data, Split split, std::span<const int> rows) {
  Examples& examples = split_of(data, split);
  const int before = examples.count;
  int of_that_size = 0;
  for (const Split other : {Split::kTrain, Split::kValid, Split::kTest})
    of_that_size += split_of(data, other).count == before ? 1 : 0;
  examples = examples.select(rows, data.format);
  for (auto it = data.truth.begin(); it != data.truth.end();) {
    const bool of_split = !it->second.empty() && it->second.shape()[0] == before;
    if (of_split && of_that_size == 1) it->second = rows_of(it->second, rows);
    it = of_split && of_that_size > 1 ? data.truth.erase(it) : std::next(it);
  }
}

void drop_feature_truth(Data& data) {
  std::erase_if(data.truth, [&](const auto& entry) {
    return entry.second.shape().rank() > 1 && entry.second.shape().back() == data.format.width;
  });
}

void require_one_label(const Data& data, std::string_view wrapper) {
  const auto& f = data.format;
  bool good = f.classes > 0 && f.positions == 1;
  for (const Examples* split : {&data.train, &data.valid, &data.test})
    for (const auto label : split->labels) good = good && label >= 0;
  if (!good)
    throw std::runtime_error(std::string(wrapper) +
                             " needs examples of one label each; the data are otherwise");
}

void require_features(const Data& data, std::string_view wrapper) {
  if (data.format.tokens)
    throw std::runtime_error(std::string(wrapper) + " changes features; the data are tokens");
}

std::vector<std::vector<int>> rows_by_class(const Examples& examples, int classes) {
  std::vector<std::vector<int>> out(static_cast<std::size_t>(classes));
  for (int i = 0; i < examples.count; ++i)
    out[static_cast<std::size_t>(examples.labels[static_cast<std::size_t>(i)])].push_back(i);
  return out;
}

std::vector<int> draw_rows(std::vector<int> from, std::size_t count, Stream stream) {
  stream.shuffle(from);
  from.resize(std::min(count, from.size()));
  return from;
}

std::size_t share_of(double fraction, std::size_t count) {
  return static_cast<std::size_t>(std::lround(fraction * static_cast<double>(count)));
}

}  // namespace assay
