#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "components/metrics/metric.h"

namespace assay {

// How many rows of the split took each code, for every group of codes of every codebook of the
// model. Throws std::runtime_error, by the metric's name, where it has none.
inline std::vector<std::vector<double>> code_counts(Evaluation& e, std::string_view metric) {
  std::map<std::string, nn::Tensor> totals;
  for (const auto& statistic : e.statistics()) {
    if (!statistic.name.ends_with(".codes")) continue;
    const auto [found, fresh] = totals.try_emplace(statistic.name, statistic.value);
    for (std::int64_t i = 0; !fresh && i < statistic.value.count(); ++i)
      found->second.set(i, found->second.get(i) + statistic.value.get(i));
  }
  if (totals.empty()) throw std::runtime_error(std::string(metric) + ": the model has no codebook");
  std::vector<std::vector<double>> out;
  for (const auto& [name, counts] : totals) {
    for (int group = 0; group < counts.shape()[0]; ++group) {
      out.emplace_back();
      for (int c = 0; c < counts.shape()[1]; ++c) out.back().push_back(counts.at(group, c));
    }
  }
  return out;
}

}  // namespace assay
