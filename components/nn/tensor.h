#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <new>
#include <span>
#include <string>
#include <vector>

#include "runner/registry/archive.h"
#include "runner/registry/random.h"

namespace assay::nn {

// Float for training, double for checking gradients: one code for both, chosen at run time.
enum class Dtype { kFloat32, kFloat64 };

// Up to four dimensions, outermost first.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<int> dims);
  int rank() const { return rank_; }
  int operator[](int axis) const { return dims_[axis]; }
  int back() const { return dims_[rank_ - 1]; }
  std::int64_t count() const;  // 1 for rank 0
  std::int64_t rows() const;   // of the matrix view
  bool operator==(const Shape&) const = default;
  std::string text() const;  // "64 x 10"

 private:
  int dims_[4] = {0, 0, 0, 0};
  int rank_ = 0;
};

// Numbers on 64-byte boundaries: the bits of a product must not depend on where memory happens to
// lie, and vector code takes other paths at other alignments.
template <class T>
struct AlignedAllocator {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};
  AlignedAllocator() = default;
  template <class U>
  AlignedAllocator(const AlignedAllocator<U>& /*other*/) {}  // NOLINT(google-explicit-constructor)
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kAlignment)); }
  void deallocate(T* memory, std::size_t /*n*/) { ::operator delete(memory, kAlignment); }
  bool operator==(const AlignedAllocator& /*other*/) const { return true; }
};

// A dense row-major array of float or double that owns its numbers; copies are deep.
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Shape shape, Dtype dtype = Dtype::kFloat32);  // zeros
  static Tensor full(Shape shape, double value, Dtype dtype = Dtype::kFloat32);
  static Tensor of(Shape shape, std::span<const double> values, Dtype dtype = Dtype::kFloat32);
  // Independent normal numbers with this standard deviation; same numbers for both dtypes.
  static Tensor normal(Shape shape, double deviation, Stream stream, Dtype dtype = Dtype::kFloat32);

  bool empty() const { return shape_.rank() == 0; }
  const Shape& shape() const { return shape_; }
  Dtype dtype() const { return dtype_; }
  std::int64_t count() const { return empty() ? 0 : shape_.count(); }
  std::size_t bytes() const { return f32_.size() * sizeof(float) + f64_.size() * sizeof(double); }

  // Element by flat index, whatever the dtype.
  double get(std::int64_t i) const;
  void set(std::int64_t i, double value);
  double at(int row, int column) const { return get(std::int64_t{row} * shape_.back() + column); }
  // The numbers themselves. Require T to match the dtype.
  template <class T>
  std::span<T> data();
  template <class T>
  std::span<const T> data() const;
  std::span<float> floats() { return f32_; }
  std::span<const float> floats() const { return f32_; }

  Tensor to(Dtype dtype) const;
  Tensor reshaped(Shape shape) const;     // same count
  void resize(Shape shape, Dtype dtype);  // contents undefined; keeps its memory where it suffices
  void fill(double value);
  bool operator==(const Tensor&) const = default;

  Array to_array() const;
  static Tensor from_array(const Array& array);

 private:
  Shape shape_;
  Dtype dtype_ = Dtype::kFloat32;
  std::vector<float, AlignedAllocator<float>> f32_;
  std::vector<double, AlignedAllocator<double>> f64_;
};

template <>
inline std::span<float> Tensor::data<float>() {
  return f32_;
}
template <>
inline std::span<const float> Tensor::data<float>() const {
  return f32_;
}
template <>
inline std::span<double> Tensor::data<double>() {
  return f64_;
}
template <>
inline std::span<const double> Tensor::data<double>() const {
  return f64_;
}

}  // namespace assay::nn
