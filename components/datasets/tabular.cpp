#include "components/datasets/tabular.h"

#include <charconv>
#include <cmath>
#include <limits>

namespace assay {

std::vector<double> parse_csv(const std::string& text, int columns, const std::string& name,
                              int skip_lines) {
  std::vector<double> out;
  std::size_t at = 0;
  for (int line = 1; at < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const char* from = text.data() + at;
    const char* stop = text.data() + end;
    at = end + 1;
    if (line <= skip_lines || from == stop) continue;
    int found = 0;
    while (from < stop) {
      double value = 0.0;
      const auto [next, code] = std::from_chars(from, stop, value);
      if (code != std::errc()) break;
      out.push_back(value);
      ++found;
      from = next < stop && *next == ',' ? next + 1 : next;
      if (next == stop || *next != ',') break;
    }
    if (found != columns || (from < stop && *from != '\r'))
      throw std::runtime_error(name + ":" + std::to_string(line) + ": expected " +
                               std::to_string(columns) + " numbers, found " +
                               std::to_string(found));
  }
  return out;
}

namespace {

struct Moments {
  std::vector<double> mean, deviation;
};

// Of each of `width` columns, over the numbers that are there.
Moments moments_of(const nn::Tensor& values, std::size_t width) {
  Moments out{std::vector<double>(width), std::vector<double>(width)};
  std::vector<double> present(width);
  const auto column = [width](std::int64_t i) { return static_cast<std::size_t>(i) % width; };
  for (std::int64_t i = 0; i < values.count(); ++i)
    present[column(i)] += std::isnan(values.get(i)) ? 0.0 : 1.0;
  for (std::int64_t i = 0; i < values.count(); ++i)
    if (!std::isnan(values.get(i))) out.mean[column(i)] += values.get(i) / present[column(i)];
  for (std::int64_t i = 0; i < values.count(); ++i) {
    if (std::isnan(values.get(i))) continue;
    const double d = values.get(i) - out.mean[column(i)];
    out.deviation[column(i)] += d * d / present[column(i)];
  }
  for (double& d : out.deviation) d = d > 0 ? std::sqrt(d) : 1.0;
  return out;
}

Moments by_column(const nn::Tensor& values) {
  return moments_of(values, static_cast<std::size_t>(values.shape().back()));
}

// One mean and one deviation for all columns.
Moments pooled(const nn::Tensor& values) {
  const auto width = static_cast<std::size_t>(values.shape().back());
  const Moments all = moments_of(values, 1);
  return {std::vector<double>(width, all.mean[0]), std::vector<double>(width, all.deviation[0])};
}

// From the least to the largest of all columns.
Moments by_range(const nn::Tensor& values) {
  const auto [low, high] = std::minmax_element(values.floats().begin(), values.floats().end());
  const auto width = static_cast<std::size_t>(values.shape().back());
  const double half = (double{*high} - double{*low}) / 2.0;
  return {std::vector<double>(width, (double{*high} + double{*low}) / 2.0),
          std::vector<double>(width, half > 0 ? half : 1.0)};
}

void fill_missing(nn::Tensor& values, const std::vector<double>& mean) {
  for (std::int64_t i = 0; i < values.count(); ++i)
    if (std::isnan(values.get(i))) values.set(i, mean[static_cast<std::size_t>(i) % mean.size()]);
}

void normalise(nn::Tensor& values, const Moments& by) {
  for (std::int64_t i = 0; i < values.count(); ++i) {
    const auto j = static_cast<std::size_t>(i) % by.mean.size();
    const double scaled = (values.get(i) - by.mean[j]) / by.deviation[j];
    if (std::abs(scaled) > double{std::numeric_limits<float>::max()})
      throw std::runtime_error("column " + std::to_string(j + 1) +
                               " of the features or targets has " + number_text(values.get(i)) +
                               ", too far from the training part to be normalised");
    values.set(i, scaled);
  }
}

std::size_t share(double fraction, std::size_t count) {
  return static_cast<std::size_t>(std::lround(fraction * static_cast<double>(count)));
}

struct Parts {
  std::vector<int> train, valid, test;
};

// Within each group in its shuffled order: first the test part, then valid, then train.
Parts stratified(const std::vector<std::vector<int>>& groups, Stream stream,
                 const SplitRule& rule) {
  Parts out;
  for (std::vector<int> members : groups) {
    stream.shuffle(members);
    const std::size_t tests = share(rule.test, members.size()),
                      valids = share(rule.valid, members.size());
    for (std::size_t i = 0; i < members.size(); ++i)
      (i < tests ? out.test : i < tests + valids ? out.valid : out.train).push_back(members[i]);
  }
  for (auto* part : {&out.train, &out.valid, &out.test}) std::sort(part->begin(), part->end());
  return out;
}

Parts consecutive(int count, const SplitRule& rule) {
  Parts out;
  const auto n = static_cast<std::size_t>(count);
  const std::size_t tests = share(rule.test, n), valids = share(rule.valid, n);
  for (std::size_t i = 0; i < n; ++i)
    (i + tests >= n            ? out.test
     : i + tests + valids >= n ? out.valid
                               : out.train)
        .push_back(static_cast<int>(i));
  return out;
}

std::vector<std::vector<int>> groups_of(const Examples& all, const DataFormat& format) {
  const bool by_class = format.classes > 0 && format.positions == 1;
  std::vector<std::vector<int>> out(by_class ? static_cast<std::size_t>(format.classes) : 1);
  for (int i = 0; i < all.count; ++i)
    out.at(by_class ? static_cast<std::size_t>(all.labels[static_cast<std::size_t>(i)]) : 0)
        .push_back(i);
  return out;
}

}  // namespace

std::string check_fractions(double valid, double test) {
  if (valid + test < 1.0) return {};
  return "test = " + number_text(test) + " and valid = " + number_text(valid) +
         " leave nothing to train on; allowed: a sum below 1";
}

namespace {

void normalise_features(Data& data, Normalise what) {
  Examples* const splits[] = {&data.train, &data.valid, &data.test};
  const Moments each = by_column(data.train.features);
  for (Examples* split : splits) fill_missing(split->features, each.mean);
  if (what == Normalise::kNone) return;
  const Moments by = what == Normalise::kGlobal  ? pooled(data.train.features)
                     : what == Normalise::kRange ? by_range(data.train.features)
                                                 : each;
  for (Examples* split : splits) normalise(split->features, by);
  const int width = data.train.features.shape().back();
  data.truth["shift"] = nn::Tensor::of({1, width}, by.mean);
  data.truth["scale"] = nn::Tensor::of({1, width}, by.deviation);
}

}  // namespace

void normalise_by_train(Data& data, Normalise what) {
  Examples* const splits[] = {&data.train, &data.valid, &data.test};
  if (!data.train.features.empty()) normalise_features(data, what);
  if (data.train.targets.empty() || what == Normalise::kNone) return;
  const Moments by = by_column(data.train.targets);
  for (Examples* split : splits) normalise(split->targets, by);
}

namespace {

// All but the test split.
std::shared_ptr<Data> begin_data(const std::string& name, const Examples& all, const Parts& parts,
                                 const DataFormat& format) {
  auto out = std::make_shared<Data>();
  out->name = name;
  out->format = format;
  out->train = all.select(parts.train, format);
  out->valid = all.select(parts.valid, format);
  return out;
}

Parts parts_of(const std::string& name, const Examples& all, const DataFormat& format,
               const SplitRule& rule) {
  if (!rule.shuffle) return consecutive(all.count, rule);
  return stratified(groups_of(all, format),
                    Stream(0, static_cast<std::uint64_t>(rule.split), name, "split"), rule);
}

}  // namespace

std::shared_ptr<Data> split_examples(const std::string& name, const Examples& all,
                                     const DataFormat& format, const SplitRule& rule) {
  const Parts parts = parts_of(name, all, format, rule);
  if (parts.train.empty() || parts.test.empty())
    throw std::runtime_error(name + ": " + std::to_string(all.count) +
                             " examples are too few for a training and a test part");
  auto out = begin_data(name, all, parts, format);
  out->test = all.select(parts.test, format);
  normalise_by_train(*out, rule.normalise);
  return out;
}

std::shared_ptr<Data> split_examples(const std::string& name, const Examples& all,
                                     const Examples& test, const DataFormat& format,
                                     const SplitRule& rule) {
  SplitRule two = rule;
  two.test = 0.0;
  auto out = begin_data(name, all, parts_of(name, all, format, two), format);
  if (out->train.count == 0)
    throw std::runtime_error(name + ": " + std::to_string(all.count) +
                             " examples are too few for a training part");
  out->test = test;
  normalise_by_train(*out, rule.normalise);
  return out;
}

std::shared_ptr<Data> make_tabular(const std::string& name, const std::vector<double>& rows,
                                   int width, int classes, const SplitRule& rule) {
  const auto stride = static_cast<std::size_t>(width) + 1;
  Examples all;
  all.count = static_cast<int>(rows.size() / stride);
  all.features.resize({all.count, width}, nn::Dtype::kFloat32);
  for (int i = 0; i < all.count; ++i) {
    const double* row = rows.data() + static_cast<std::size_t>(i) * stride;
    for (int j = 0; j < width; ++j) all.features.set(std::int64_t{i} * width + j, row[j]);
    all.labels.push_back(static_cast<std::int32_t>(row[width]));
  }
  return split_examples(name, all, {false, width, 0, 1, classes}, rule);
}

}  // namespace assay
