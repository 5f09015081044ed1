#include "components/datasets/arrays.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay {

namespace {

constexpr std::int64_t kMostClasses = 65536;

struct Matrix {
  const Array* array = nullptr;
  int rows = 0;
  int width = 0;
};

// An array as n rows of equal length.
Matrix matrix_of(const NamedArrays& arrays, const std::string& name, const std::string& what) {
  const auto it = arrays.find(name);
  if (it == arrays.end()) {
    std::string known;
    for (const auto& [other, array] : arrays) known += (known.empty() ? "" : ", ") + other;
    throw std::runtime_error(what + " has no array \"" + name + "\"; it has " +
                             (known.empty() ? "none" : known));
  }
  const Array& array = it->second;
  constexpr std::size_t kMost = std::numeric_limits<std::int32_t>::max();
  if (array.shape.empty() || array.count() == 0 || array.count() > kMost)
    throw std::runtime_error(what + ": \"" + name + "\" is empty or larger than 2147483647");
  const auto rows = static_cast<std::size_t>(array.shape[0]);
  return {&array, static_cast<int>(rows), static_cast<int>(array.count() / rows)};
}

template <class T, class Use>
void each_of(const Array& array, const Use& use) {
  std::size_t i = 0;
  for (const T value : array.as<T>()) use(i++, value);
}

template <class Use>
void each(const Array& array, const Use& use) {
  switch (array.type) {
    case Array::Type::kFloat32:
      return each_of<float>(array, use);
    case Array::Type::kFloat64:
      return each_of<double>(array, use);
    case Array::Type::kInt32:
      return each_of<std::int32_t>(array, use);
    case Array::Type::kInt64:
      return each_of<std::int64_t>(array, use);
    case Array::Type::kUint8:
      return each_of<std::uint8_t>(array, use);
  }
}

nn::Tensor numbers(const Matrix& from, const std::string& name, const std::string& what) {
  nn::Tensor out({from.rows, from.width});
  const auto to = out.floats();
  bool finite = true;
  each(*from.array, [&](std::size_t i, auto value) {
    // Compared in double: what is beyond the largest float would be infinite there.
    const auto wide = static_cast<double>(value);
    const bool good = std::abs(wide) <= double{std::numeric_limits<float>::max()};
    to[i] = good ? static_cast<float>(wide) : 0.0F;
    finite = finite && good;
  });
  if (!finite)
    throw std::runtime_error(what + ": \"" + name + "\" holds a number that is no finite float");
  return out;
}

void take_labels(const Matrix& from, const std::string& name, const std::string& what,
                 Examples& out, DataFormat& format) {
  if (from.array->type == Array::Type::kFloat32 || from.array->type == Array::Type::kFloat64)
    throw std::runtime_error(what + ": \"" + name + "\" holds no whole numbers");
  bool good = true;
  each(*from.array, [&](std::size_t /*i*/, auto value) {
    const auto label = static_cast<std::int64_t>(value);
    good = good && label >= 0 && label < kMostClasses;
    out.labels.push_back(static_cast<std::int32_t>(good ? label : 0));
  });
  if (!good) throw std::runtime_error(what + ": \"" + name + "\" holds a label outside 0 to 65535");
  format.positions = from.width;
  format.classes = *std::max_element(out.labels.begin(), out.labels.end()) + 1;
}

}  // namespace

Examples examples_of(const NamedArrays& arrays, const ArrayNames& names, const std::string& what,
                     DataFormat& format) {
  const auto rows_like = [&](const std::string& name, int rows) {
    const Matrix out = matrix_of(arrays, name, what);
    if (out.rows != rows)
      throw std::runtime_error(what + ": \"" + name + "\" has " + std::to_string(out.rows) +
                               " rows, \"" + names.features + "\" has " + std::to_string(rows));
    return out;
  };
  Examples out;
  const Matrix features = matrix_of(arrays, names.features, what);
  out.count = features.rows;
  format.width = features.width;
  out.features = numbers(features, names.features, what);
  if (!names.labels.empty())
    take_labels(rows_like(names.labels, out.count), names.labels, what, out, format);
  if (!names.targets.empty()) {
    const Matrix targets = rows_like(names.targets, out.count);
    format.targets = targets.width;
    out.targets = numbers(targets, names.targets, what);
  }
  return out;
}

std::shared_ptr<const Data> ArrayDataset::split_arrays(const std::string& name,
                                                       const NamedArrays& arrays) const {
  DataFormat format;
  const Examples all = examples_of(arrays, *this, file, format);
  return split_examples(name, all, format, *this);
}

}  // namespace assay
