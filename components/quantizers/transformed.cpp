#include "components/quantizers/transformed.h"

#include <algorithm>
#include <cmath>

#include "components/quantizers/grid.h"

namespace assay::quantizers {

namespace {

void on_rows(nn::Tensor& t, const InputTransform::OnRow& change) {
  const int columns = t.shape().back();
  std::vector<double> row(static_cast<std::size_t>(columns));
  for (std::int64_t first = 0; first < t.count(); first += columns) {
    for (int j = 0; j < columns; ++j) row[static_cast<std::size_t>(j)] = t.get(first + j);
    change(row);
    for (int j = 0; j < columns; ++j) t.set(first + j, row[static_cast<std::size_t>(j)]);
  }
}

// The quantizer with its own choice of layers left out, of which there is only one.
std::shared_ptr<const Quantizer> of_any_layer(const Quantizer& quantizer) {
  Value config = quantizer.config();
  for (const char* choice : {"layers", "ignore"})
    if (quantizer.spec().param(choice)) config.set(choice, Value(Value::Array{}));
  return Registry::global().build<Quantizer>(config);
}

}  // namespace

void quantize_transformed(nn::Parameter& weight, const nn::Tensor& x, const Quantizer& inner,
                          const InputTransform& transform, const Stream& stream) {
  const int columns = weight.value.shape().back();
  const auto rows = static_cast<int>(weight.value.shape().rows());
  TrainedModel layer;
  Value linear;
  linear.set("use", Value("linear"));
  layer.model = Registry::global().build<Model>(linear);
  layer.format = {false, columns, 0, 1, rows};
  layer.model->declare(layer.parameters, layer.format, Stream(0));
  nn::Parameter& own = layer.parameters.get("output.weight");
  own.value = weight.value.reshaped({rows, columns});
  if (transform.keeps_zeros && !weight.mask.empty())
    own.mask = weight.mask.reshaped({rows, columns});
  on_rows(own.value, transform.weights);
  Examples calibration;
  calibration.features = x.empty() ? nn::Tensor({1, columns}) : x;
  calibration.count = static_cast<int>(calibration.features.shape().rows());
  calibration.labels.assign(static_cast<std::size_t>(calibration.count), 0);
  on_rows(calibration.features, transform.inputs);
  of_any_layer(inner)->quantize(layer, calibration, stream);
  on_rows(own.value, transform.undo);
  set_numbers(weight, numbers_of(own));
  weight.bits = own.bits;
}

void quantize_scaled(nn::Parameter& weight, const nn::Tensor& x, const Quantizer& inner,
                     const std::vector<double>& scales, const Stream& stream) {
  const auto times = [&scales](std::span<double> row) {
    for (std::size_t j = 0; j < row.size(); ++j) row[j] *= scales[j];
  };
  const auto over = [&scales](std::span<double> row) {
    for (std::size_t j = 0; j < row.size(); ++j) row[j] /= scales[j];
  };
  quantize_transformed(weight, x, inner, {times, over, over, true}, stream);
  weight.bits += kScaleBits / static_cast<double>(weight.value.shape().rows());
}

void quantize_alone(nn::Parameter& weight, const nn::Tensor& x, const Quantizer& inner,
                    const Stream& stream) {
  const auto nothing = [](std::span<double> /*row*/) {};
  quantize_transformed(weight, x, inner, {nothing, nothing, nothing, true}, stream);
}

std::vector<double> largest_of_columns(const nn::Tensor& t, int columns) {
  std::vector<double> out(static_cast<std::size_t>(columns));
  for (std::int64_t i = 0; i < t.count(); ++i) {
    double& most = out[static_cast<std::size_t>(i % columns)];
    most = std::max(most, std::abs(t.get(i)));
  }
  return out;
}

}  // namespace assay::quantizers
