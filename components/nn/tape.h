#pragma once

#include <algorithm>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>

#include "components/nn/parameters.h"
#include "components/nn/tensor.h"

namespace assay::nn {

class Tape;

// A value on a tape. Cheap to copy; valid until the tape is reset.
struct Var {
  Tape* tape = nullptr;
  int id = -1;
  bool valid() const { return tape != nullptr; }
  const Shape& shape() const;
};

// Records operations in the order in which they run and walks them backwards: reverse-mode
// differentiation. One tape serves many steps; reset() keeps its memory. Not for several threads.
// Every operation checks shapes and throws std::invalid_argument naming itself and both shapes.
class Tape {
 public:
  explicit Tape(Dtype dtype = Dtype::kFloat32);
  ~Tape();
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Dtype dtype() const;
  // A value without a gradient.
  Var constant(const Tensor& value);
  // A value with a gradient.
  Var leaf(const Tensor& value);
  // A parameter; the same Var for the same parameter until reset(). Masked entries get no gradient.
  // It is looked at, not copied: it must stay as it is until backward() is done.
  Var parameter(const Parameter& parameter);

  const Tensor& value(Var v) const;
  double scalar(Var v) const { return value(v).get(0); }
  // After backward(); zeros where the loss does not depend on v.
  const Tensor& gradient(Var v) const;
  // The gradient of a parameter used since reset(); null where it was not used, or before
  // backward().
  const Tensor* gradient_of(const Parameter& parameter) const;
  // Requires a scalar (count 1).
  void backward(Var loss);
  void reset();

  // An operation of one's own. `forward` fills `out`, which has the given shape; `backward` adds to
  // the gradients of the inputs (null where an input needs none) given the output's gradient. It is
  // kept by value until reset(): arrays that it needs belong in keep().
  using Inputs = std::span<const Tensor* const>;
  using Gradients = std::span<Tensor* const>;
  template <class Forward, class Backward>  // (Inputs, Tensor& out); (Inputs, const Tensor& out,
                                            // const Tensor& out_gradient, Gradients)
  Var custom(std::string_view name, std::span<const Var> inputs, Shape shape,
             const Forward& forward, const Backward& backward) {
    static_assert(std::is_trivially_destructible_v<Backward>, "arrays belong in Tape::keep");
    Tensor& out = begin(name, inputs, shape);
    forward(operands(), out);
    if (void* place = room_for_backward(sizeof(Backward), alignof(Backward))) {
      new (place) Backward(backward);
      set_backward(place,
                   [](const void* kept, Inputs in, const Tensor& y, const Tensor& grad,
                      Gradients to) { (*static_cast<const Backward*>(kept))(in, y, grad, to); });
    }
    return last();
  }

  // Uninitialised memory that lasts until reset(), and a copy into it. No heap allocation once the
  // tape has seen a step of this size.
  template <class T>
  std::span<T> scratch(std::size_t count) {
    static_assert(std::is_trivial_v<T>);
    return {static_cast<T*>(memory(count * sizeof(T), alignof(T))), count};
  }
  template <class T>
  std::span<const T> keep(std::span<const T> values) {
    const std::span<T> out = scratch<T>(values.size());
    std::copy(values.begin(), values.end(), out.begin());
    return out;
  }

 private:
  using Invoke = void (*)(const void* kept, Inputs, const Tensor&, const Tensor&, Gradients);
  Tensor& begin(std::string_view name, std::span<const Var> inputs, Shape shape);
  Inputs operands() const;
  void* room_for_backward(std::size_t bytes, std::size_t alignment);  // null: no gradient is wanted
  void set_backward(const void* kept, Invoke invoke);
  Var last();
  void* memory(std::size_t bytes, std::size_t alignment);

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Shapes: n = rows, d = columns. A tensor of higher rank acts as the matrix (rows() x back()).
Var matmul(Var a, Var b);             // (n x k)(k x d) -> n x d
Var matmul_transposed(Var a, Var b);  // (n x k)(d x k)ᵀ -> n x d: a linear layer's product
Var add(Var a, Var b);                // same shape
Var add_row(Var a, Var row);          // n x d + d, on each row
Var subtract(Var a, Var b);
Var multiply(Var a, Var b);              // elementwise
Var multiply_row(Var a, Var row);        // n x d * d, on each row
Var multiply_column(Var a, Var column);  // n x d * n (or n x 1), each row by its number
Var scale(Var a, double factor);
Var shift(Var a, double offset);
Var relu(Var a);
Var gelu(Var a);  // tanh form (Hendrycks and Gimpel 2016)
Var tanh(Var a);
Var sigmoid(Var a);
Var exp(Var a);
Var log(Var a);
Var softplus(Var a);
Var square(Var a);
Var absolute(Var a);                        // gradient sign(a), 0 at 0
Var clamp(Var a, double low, double high);  // gradient 1 strictly inside, else 0
Var softmax(Var a);                         // over the last axis
Var log_softmax(Var a);
Var sum(Var a);  // -> scalar (shape {1})
Var mean(Var a);
Var sum_rows(Var a);     // n x d -> d
Var mean_rows(Var a);    // n x d -> d
Var sum_columns(Var a);  // n x d -> n
Var reshape(Var a, Shape shape);
Var concat_columns(std::span<const Var> parts);  // n x d1, n x d2, … -> n x sum
Var slice_columns(Var a, int first, int count);
Var gather_rows(Var table, std::span<const int> rows);          // table[rows[i]] -> rows x d
Var scatter_add_rows(Var a, std::span<const int> rows, int n);  // out[rows[i]] += a[i] -> n x d
// Rows' entries by column: a[i, columns[i * per_row + j]] -> n x per_row.
Var gather_columns(Var a, std::span<const int> columns, int per_row);
Var stop_gradient(Var a);
// Value of `hard`, gradient of `soft` (straight-through). Same shape.
Var straight_through(Var hard, Var soft);
// Keeps the k largest of each row, zero elsewhere; ties go to the lower column. Gradient passes
// where kept.
Var topk_rows(Var a, int k);
// Sparse codes: n x k values, the j-th of row i at column columns[i * k + j], ascending in a row.
struct SparseRows {
  Var values;
  std::span<const int> columns;  // n x k, on the tape
};
// The k largest of each row of a wᵀ + bias (n x d, w: m x d, bias: m). Only what is kept costs a
// gradient; ties go to the lower column.
SparseRows topk_linear(Var a, Var w, Var bias, int k);
// Row i: the sum over j of values[i, j] * table[columns[i, j]] (table: m x d) -> n x d. Zeros cost
// nothing.
Var combine_rows(SparseRows code, Var table);
// Mean over rows of -log softmax(logits)[label]; rows with label < 0 do not count. -> scalar
Var cross_entropy(Var logits, std::span<const int> labels);
// Mean over all entries of (a - b)². -> scalar
Var mean_squared_error(Var a, Var b);

}  // namespace assay::nn
