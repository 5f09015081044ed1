#pragma once

#include <span>
#include <vector>

#include "runner/registry/random.h"

namespace assay::quantizers {

// x -> x D H: D random signs, H a symmetric orthogonal matrix, blocks of Hadamard matrices of
// powers of two on its diagonal, the largest that fit first (12 numbers: 8 and 4).
class RandomHadamard {
 public:
  RandomHadamard(int width, Stream stream);
  void forward(std::span<double> x) const;
  void backward(std::span<double> x) const;  // undoes it

 private:
  std::vector<double> signs_;
};

}  // namespace assay::quantizers
