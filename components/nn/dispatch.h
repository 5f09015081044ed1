#pragma once

#include <stdexcept>
#include <string>

#include "components/nn/tape.h"

namespace assay::nn {

// Calls `body` with a float or a double, to name the element type of the code inside.
template <class Body>
void dispatch(Dtype dtype, Body body) {
  if (dtype == Dtype::kFloat32)
    body(float{});
  else
    body(double{});
}

[[noreturn]] inline void bad_shapes(const char* op, Var a, Var b) {
  throw std::invalid_argument(std::string(op) + ": " + a.tape->describe(a) + " and " +
                              b.tape->describe(b) + " do not fit");
}
[[noreturn]] inline void bad_shapes(const char* op, Var a, const std::string& wanted) {
  throw std::invalid_argument(std::string(op) + ": " + a.tape->describe(a) + " does not fit " +
                              wanted);
}

inline int rows_of(const Shape& shape) {
  return static_cast<int>(shape.rows());
}
inline int columns_of(const Shape& shape) {
  return shape.rank() == 0 ? 1 : shape.back();
}

}  // namespace assay::nn
