#include "components/datasets/tabular.h"

#include <charconv>
#include <cmath>

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

Examples pick(const std::vector<double>& rows, int width, std::vector<int> chosen) {
  std::sort(chosen.begin(), chosen.end());
  Examples out;
  out.count = static_cast<int>(chosen.size());
  out.features.resize({out.count, width}, nn::Dtype::kFloat32);
  for (std::size_t i = 0; i < chosen.size(); ++i) {
    const std::size_t from =
        static_cast<std::size_t>(chosen[i]) * static_cast<std::size_t>(width + 1);
    for (int j = 0; j < width; ++j)
      out.features.set(static_cast<std::int64_t>(i) * width + j,
                       rows[from + static_cast<std::size_t>(j)]);
    out.labels.push_back(static_cast<std::int32_t>(rows[from + static_cast<std::size_t>(width)]));
  }
  return out;
}

void normalise(Examples& examples, const std::vector<double>& mean,
               const std::vector<double>& deviation) {
  const auto width = static_cast<std::int64_t>(mean.size());
  for (std::int64_t i = 0; i < examples.features.count(); ++i) {
    const auto j = static_cast<std::size_t>(i % width);
    examples.features.set(i, (examples.features.get(i) - mean[j]) / deviation[j]);
  }
}

}  // namespace

std::string check_fractions(double valid, double test) {
  if (valid + test < 1.0) return {};
  return "test = " + number_text(test) + " and valid = " + number_text(valid) +
         " leave nothing to train on; allowed: a sum below 1";
}

std::shared_ptr<Data> make_tabular(const std::string& name, const std::vector<double>& rows,
                                   int width, int classes, int split, double valid, double test) {
  const auto stride = static_cast<std::size_t>(width + 1);
  std::vector<std::vector<int>> of_class(static_cast<std::size_t>(classes));
  for (std::size_t i = 0; i * stride < rows.size(); ++i)
    of_class.at(static_cast<std::size_t>(rows[i * stride + stride - 1]))
        .push_back(static_cast<int>(i));
  Stream stream(0, static_cast<std::uint64_t>(split), name, "split");
  std::vector<int> parts[3];
  for (std::vector<int>& members : of_class) {
    stream.shuffle(members);
    const auto n = static_cast<double>(members.size());
    const auto n_test = static_cast<std::size_t>(std::lround(test * n)),
               n_valid = static_cast<std::size_t>(std::lround(valid * n));
    for (std::size_t i = 0; i < members.size(); ++i)
      parts[i < n_test ? 2 : i < n_test + n_valid ? 1 : 0].push_back(members[i]);
  }
  auto out = std::make_shared<Data>();
  out->name = name;
  out->format = {false, width, 0, 1, classes};
  out->train = pick(rows, width, parts[0]);
  out->valid = pick(rows, width, parts[1]);
  out->test = pick(rows, width, parts[2]);
  std::vector<double> mean(static_cast<std::size_t>(width)),
      deviation(static_cast<std::size_t>(width));
  const double n = out->train.count;
  for (std::int64_t i = 0; i < out->train.features.count(); ++i)
    mean[static_cast<std::size_t>(i % width)] += out->train.features.get(i) / n;
  for (std::int64_t i = 0; i < out->train.features.count(); ++i) {
    const double d = out->train.features.get(i) - mean[static_cast<std::size_t>(i % width)];
    deviation[static_cast<std::size_t>(i % width)] += d * d / n;
  }
  for (double& d : deviation) d = d > 0 ? std::sqrt(d) : 1.0;
  for (Examples* part : {&out->train, &out->valid, &out->test}) normalise(*part, mean, deviation);
  return out;
}

}  // namespace assay
