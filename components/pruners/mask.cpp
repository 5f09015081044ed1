#include "components/pruners/mask.h"

#include <cmath>
#include <limits>

namespace assay {

std::vector<nn::Parameter*> prunable(TrainedModel& model) {
  std::vector<nn::Parameter*> out;
  for (nn::Parameter& p : model.parameters)
    if (p.role == nn::Role::kWeight) out.push_back(&p);
  return out;
}

std::string layer_of(const nn::Parameter& parameter) {
  return parameter.name.substr(0, parameter.name.rfind('.'));
}

bool there(const nn::Parameter& parameter, std::int64_t index) {
  return parameter.mask.empty() || parameter.mask.get(index) != 0.0;
}

void ensure_mask(nn::Parameter& parameter) {
  if (parameter.mask.empty()) parameter.mask = nn::Tensor::full(parameter.value.shape(), 1.0);
}

void remove_entry(nn::Parameter& parameter, std::int64_t index) {
  ensure_mask(parameter);
  parameter.mask.set(index, 0.0);
  parameter.value.set(index, 0.0);
}

void remove_lowest(const std::vector<nn::Parameter*>& parameters,
                   std::vector<Candidate>& candidates, std::int64_t count) {
  const auto lower = [](const Candidate& a, const Candidate& b) {
    return std::tie(a.score, a.parameter, a.index) < std::tie(b.score, b.parameter, b.index);
  };
  std::nth_element(candidates.begin(), candidates.begin() + count, candidates.end(), lower);
  for (std::int64_t i = 0; i < count; ++i) {
    const Candidate& gone = candidates[static_cast<std::size_t>(i)];
    remove_entry(*parameters[static_cast<std::size_t>(gone.parameter)], gone.index);
  }
}

std::int64_t share(double fraction, std::int64_t total) {
  return static_cast<std::int64_t>(std::floor(fraction * static_cast<double>(total) + 0.5));
}

double score_or_gone(const nn::Parameter& parameter, std::int64_t index, double score) {
  return there(parameter, index) ? score : -std::numeric_limits<double>::infinity();
}

}  // namespace assay
