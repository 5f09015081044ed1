#include "components/quantizers/inputs.h"

#include "components/pruners/calibration.h"

namespace assay::quantizers {

nn::Tensor layer_inputs(const TrainedModel& model, const Examples& examples, std::string_view layer,
                        int inputs) {
  std::vector<double> numbers;
  see_inputs(model, examples, [&](std::string_view name, const nn::Tensor& x) {
    if (name != layer || x.shape().back() != inputs) return;
    for (std::int64_t i = 0; i < x.count(); ++i) numbers.push_back(x.get(i));
  });
  if (numbers.empty()) return {};
  return nn::Tensor::of({static_cast<int>(numbers.size()) / inputs, inputs}, numbers);
}

double output_error(std::span<const double> change, const Square& gram) {
  const auto n = static_cast<std::size_t>(gram.size);
  double out = 0.0;
  for (std::size_t row = 0; row < change.size(); row += n)
    for (std::size_t i = 0; i < n; ++i) {
      if (change[row + i] == 0.0) continue;
      double sum = 0.0;
      for (std::size_t j = 0; j < n; ++j) sum += gram.numbers[i * n + j] * change[row + j];
      out += change[row + i] * sum;
    }
  return out;
}

}  // namespace assay::quantizers
