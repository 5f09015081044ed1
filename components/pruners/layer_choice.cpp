#include "components/pruners/layer_choice.h"

#include "components/nn/name_patterns.h"
#include "components/pruners/mask.h"

namespace assay {

namespace {

bool any_matches(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const std::string& pattern) { return nn::matches(name, pattern); });
}

void require_match(const std::string& pattern, const std::vector<std::string>& names) {
  std::string known;
  for (const std::string& name : names) {
    if (nn::matches(name, pattern)) return;
    known += (known.empty() ? "" : ", ") + name;
  }
  throw std::runtime_error("\"" + pattern + "\" names no layer with weights; there are: " +
                           (known.empty() ? "none" : known));
}

}  // namespace

std::vector<std::string> LayerChoice::choose(const std::vector<std::string>& names) const {
  for (const auto* patterns : {&layers, &ignore})
    for (const std::string& pattern : *patterns) require_match(pattern, names);
  std::vector<std::string> out;
  for (const std::string& name : names)
    if ((layers.empty() || any_matches(layers, name)) && !any_matches(ignore, name))
      out.push_back(name);
  return out;
}

std::vector<nn::Parameter*> LayerChoice::prunable(TrainedModel& model) const {
  const std::vector<nn::Parameter*> all = assay::prunable(model);
  std::vector<std::string> names;
  for (const nn::Parameter* p : all) names.push_back(layer_of(*p));
  const std::vector<std::string> chosen = choose(names);
  std::vector<nn::Parameter*> out;
  for (nn::Parameter* p : all)
    if (std::find(chosen.begin(), chosen.end(), layer_of(*p)) != chosen.end()) out.push_back(p);
  return out;
}

}  // namespace assay
