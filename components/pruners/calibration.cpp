#include "components/pruners/calibration.h"

#include <cmath>

#include "components/pruners/mask.h"

namespace assay {

void see_inputs(const TrainedModel& model, const Examples& examples,
                const std::function<void(std::string_view layer, const nn::Tensor& x)>& see) {
  const nn::Forward::Hook hook = [&](std::string_view site, nn::Var x) {
    if (site.ends_with(".in")) see(site.substr(0, site.size() - 3), x.tape->value(x));
    return x;
  };
  (void)model.outputs(examples, std::span(&hook, 1));
}

std::map<std::string, std::vector<double>, std::less<>> input_squares(const TrainedModel& model,
                                                                      const Examples& examples) {
  std::map<std::string, std::vector<double>, std::less<>> out;
  see_inputs(model, examples, [&](std::string_view layer, const nn::Tensor& x) {
    auto& sums = out[std::string(layer)];
    const auto width = static_cast<std::size_t>(x.shape().back());
    sums.resize(width);
    for (std::int64_t i = 0; i < x.count(); ++i)
      sums[static_cast<std::size_t>(i) % width] += x.get(i) * x.get(i);
  });
  return out;
}

std::vector<std::vector<double>> scores_by_input(const TrainedModel& model,
                                                 const std::vector<nn::Parameter*>& parameters,
                                                 const Examples& examples) {
  const auto squares = input_squares(model, examples);
  std::vector<std::vector<double>> out;
  for (const nn::Parameter* p : parameters) {
    const auto seen = squares.find(layer_of(*p));
    auto& scores = out.emplace_back(static_cast<std::size_t>(p->value.count()));
    const auto width = static_cast<std::size_t>(p->value.shape().back());
    for (std::size_t i = 0; i < scores.size(); ++i)
      scores[i] = std::abs(p->value.get(static_cast<std::int64_t>(i))) *
                  (seen == squares.end() ? 1.0 : std::sqrt(seen->second[i % width]));
  }
  return out;
}

}  // namespace assay
