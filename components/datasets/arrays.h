#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "components/datasets/file.h"
#include "runner/registry/safetensors.h"

namespace assay {

// IDX, the format of MNIST: two zero bytes, a type, the number of dimensions, their sizes and the
// numbers, all big-endian. Throws std::runtime_error naming `what`.
Array parse_idx(std::string_view bytes, const std::string& what);

// NumPy's formats: one array (versions 1 to 3; little-endian f4, f8, i4, i8, u1 and bool; rows or
// columns first), and a zip archive of such arrays, stored or deflated. Throw std::runtime_error.
Array parse_npy(std::string_view bytes, const std::string& what);
NamedArrays parse_npz(std::string_view bytes, const std::string& what);

// Which arrays are what; an empty name is none. Features are n x …, laid out row by row; labels n
// or n x positions whole numbers from 0; targets n or n x targets numbers.
struct ArrayNames {
  std::string features = "features";
  std::string labels = "labels";
  std::string targets;
};

// Throws std::runtime_error where an array is missing, is of another size, or holds what it may
// not (NaN among features, a label below 0 or beyond 65535).
Examples examples_of(const NamedArrays& arrays, const ArrayNames& names, const std::string& what,
                     DataFormat& format);

// A data set in a file of named arrays.
struct ArrayDataset : FileDataset, ArrayNames {
 protected:
  std::shared_ptr<const Data> split_arrays(const std::string& name,
                                           const NamedArrays& arrays) const;
};

template <class T>
void add_arrays(Params<T>& p) {
  add_file(p);
  p.add("features", &T::features).doc("Name of the array of features, n x …");
  p.add("labels", &T::labels).doc("Of the array of labels, whole numbers from 0; \"\" for none.");
  p.add("targets", &T::targets).doc("Of the array of numbers to predict; \"\" for none.");
  add_rule(p);
}

}  // namespace assay
