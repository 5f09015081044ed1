#include "components/nn/tensor.h"

#include <stdexcept>

namespace assay::nn {

Shape::Shape(std::initializer_list<int> dims) {
  if (dims.size() > 4) throw std::invalid_argument("shape: more than four dimensions");
  for (const int dim : dims) dims_[rank_++] = dim;
}

std::int64_t Shape::count() const {
  std::int64_t n = 1;
  for (int i = 0; i < rank_; ++i) n *= dims_[i];
  return n;
}

std::int64_t Shape::rows() const {
  std::int64_t n = 1;
  for (int i = 0; i + 1 < rank_; ++i) n *= dims_[i];
  return n;
}

std::string Shape::text() const {
  std::string out;
  for (int i = 0; i < rank_; ++i) out += (i ? " x " : "") + std::to_string(dims_[i]);
  return out.empty() ? "scalar" : out;
}

Tensor::Tensor(Shape shape, Dtype dtype) {
  resize(shape, dtype);
  fill(0.0);
}

Tensor Tensor::full(Shape shape, double value, Dtype dtype) {
  Tensor out(shape, dtype);
  out.fill(value);
  return out;
}

Tensor Tensor::of(Shape shape, std::span<const double> values, Dtype dtype) {
  Tensor out(shape, dtype);
  if (static_cast<std::size_t>(out.count()) != values.size())
    throw std::invalid_argument("tensor: " + std::to_string(values.size()) + " values for shape " +
                                shape.text());
  for (std::int64_t i = 0; i < out.count(); ++i) out.set(i, values[static_cast<std::size_t>(i)]);
  return out;
}

Tensor Tensor::normal(Shape shape, double deviation, Stream stream, Dtype dtype) {
  Tensor out(shape, dtype);
  // Through float in both cases, so that a double copy starts from the very same numbers.
  for (std::int64_t i = 0; i < out.count(); ++i)
    out.set(i, static_cast<float>(deviation * stream.normal()));
  return out;
}

double Tensor::get(std::int64_t i) const {
  const auto at = static_cast<std::size_t>(i);
  return dtype_ == Dtype::kFloat32 ? static_cast<double>(f32_[at]) : f64_[at];
}

void Tensor::set(std::int64_t i, double value) {
  const auto at = static_cast<std::size_t>(i);
  if (dtype_ == Dtype::kFloat32)
    f32_[at] = static_cast<float>(value);
  else
    f64_[at] = value;
}

Tensor Tensor::to(Dtype dtype) const {
  if (dtype == dtype_) return *this;
  Tensor out;
  out.resize(shape_, dtype);
  for (std::int64_t i = 0; i < count(); ++i) out.set(i, get(i));
  return out;
}

Tensor Tensor::reshaped(Shape shape) const {
  if (shape.count() != count())
    throw std::invalid_argument("reshape: " + shape_.text() + " to " + shape.text());
  Tensor out = *this;
  out.shape_ = shape;
  return out;
}

void Tensor::resize(Shape shape, Dtype dtype) {
  shape_ = shape;
  dtype_ = dtype;
  const auto n = static_cast<std::size_t>(shape.count());
  if (dtype == Dtype::kFloat32)
    f32_.resize(n), f64_.clear();
  else
    f64_.resize(n), f32_.clear();
}

void Tensor::fill(double value) {
  std::fill(f32_.begin(), f32_.end(), static_cast<float>(value));
  std::fill(f64_.begin(), f64_.end(), value);
}

Array Tensor::to_array() const {
  std::vector<std::int64_t> shape;
  shape.reserve(4);
  for (int i = 0; i < shape_.rank(); ++i) shape.push_back(shape_[i]);
  if (dtype_ == Dtype::kFloat32) return Array::of<float>(f32_, shape);
  return Array::of<double>(f64_, shape);
}

Tensor Tensor::from_array(const Array& array) {
  const auto& s = array.shape;
  const auto dim = [&](std::size_t i) { return static_cast<int>(s[i]); };
  Shape shape;
  if (s.size() == 1) shape = {dim(0)};
  if (s.size() == 2) shape = {dim(0), dim(1)};
  if (s.size() == 3) shape = {dim(0), dim(1), dim(2)};
  if (s.size() == 4) shape = {dim(0), dim(1), dim(2), dim(3)};
  const bool single = array.type == Array::Type::kFloat32;
  Tensor out;
  out.resize(shape, single ? Dtype::kFloat32 : Dtype::kFloat64);
  if (single)
    out.f32_.assign(array.as<float>().begin(), array.as<float>().end());
  else
    out.f64_.assign(array.as<double>().begin(), array.as<double>().end());
  return out;
}

}  // namespace assay::nn
