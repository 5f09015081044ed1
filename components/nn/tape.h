#pragma once

#include <algorithm>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

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
  template <class Fill>  // (Tensor& out), which must set every number
  Var constant(Shape shape, const Fill& fill) {
    fill(begin("input", {}, shape));
    return last();
  }
  // The same, looked at and not copied: it must stay as it is until reset(). Of the tape's dtype.
  Var borrow(const Tensor& value);
  // A value with a gradient.
  Var leaf(const Tensor& value);
  // A parameter; the same Var for the same parameter until reset(). Masked entries get no gradient,
  // a frozen parameter none at all, nor what only it would hand one on to.
  // It is looked at, not copied: it must stay as it is until backward() is done.
  Var parameter(const Parameter& parameter);

  const Tensor& value(Var v) const;
  double scalar(Var v) const { return value(v).get(0); }
  // After backward(); zeros where the loss does not depend on v.
  const Tensor& gradient(Var v) const;
  // The gradient of a parameter used since reset(); null where it was not used or is frozen, or
  // before backward().
  const Tensor* gradient_of(const Parameter& parameter) const;
  // Requires a scalar (count 1).
  void backward(Var loss);
  void reset();

  // Bytes of the values that operations gave since reset(): the activations of a pass.
  std::size_t value_bytes() const;

  // Names a value for messages: the first site that it passed.
  void label(Var v, std::string_view name);
  // "gelu at block1.act (64 x 128)": the operation, or parameter, with the nearest label before it
  // and the shape.
  std::string describe(Var v) const;
  // Throws std::runtime_error where the loss or, after backward(), a parameter's gradient holds NaN
  // or infinity, naming the operation and the parameter where it first appeared.
  void require_finite(Var loss) const;

  using Inputs = std::span<const Tensor* const>;
  // The gradients of an operation's inputs, to add to.
  class Gradients {
   public:
    struct Entry {
      Tensor* tensor = nullptr;  // null where the input needs none
      bool* touched = nullptr;   // by an operation before this one
    };
    explicit Gradients(std::span<const Entry> entries) : entries_(entries) {}
    // Null where the input needs no gradient.
    Tensor* operator[](std::size_t i) const {
      const Entry& entry = entries_[i];
      if (entry.tensor && !std::exchange(*entry.touched, true)) entry.tensor->fill(0.0);
      return entry.tensor;
    }
    // As above, without the zeros: where `add` is false, every number must be set.
    struct Claim {
      Tensor* tensor = nullptr;
      bool add = false;
    };
    Claim claim(std::size_t i) const {
      const Entry& entry = entries_[i];
      if (!entry.tensor) return {};
      return {entry.tensor, std::exchange(*entry.touched, true)};
    }

   private:
    std::span<const Entry> entries_;
  };
  // An operation of one's own. `forward` fills `out`, which has the given shape; `backward` adds to
  // the gradients of the inputs given the output's gradient. It is kept by value until reset():
  // arrays that it needs belong in keep(). The name is a literal.
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
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    return {static_cast<T*>(memory(count * sizeof(T), alignof(T))), count};
  }
  // The same for numbers of the tape's dtype.
  class Numbers {
   public:
    Numbers(void* data, std::size_t count) : data_(data), count_(count) {}
    template <class T>
    std::span<T> as() const {
      return {static_cast<T*>(data_), count_};
    }

   private:
    void* data_;
    std::size_t count_;
  };
  Numbers numbers(std::int64_t count) {
    const auto n = static_cast<std::size_t>(count);
    const std::size_t size = dtype() == Dtype::kFloat32 ? sizeof(float) : sizeof(double);
    return {memory(n * size, 64), n};
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
// The same for each leading index: (b x n x k)(b x k x d) -> b x n x d, or (b x n x k)(b x d x k)ᵀ.
Var matmul_batched(Var a, Var b);
Var matmul_batched_transposed(Var a, Var b);
enum class Activation { kNone, kRelu, kGelu, kTanh, kSilu };
inline constexpr std::string_view kActivationNames[] = {"none", "relu", "gelu", "tanh", "silu"};
Var activate(Var a, Activation activation);
// activation(x wᵀ + bias) for x: n x k, w: d x k, bias: d or invalid for none -> n x d.
Var linear(Var x, Var w, Var bias, Activation activation = Activation::kNone);
Var add(Var a, Var b);           // same shape
Var add_row(Var a, Var row);     // n x d + d, on each row
Var add_tiled(Var a, Var tile);  // n x d + m x d, row i + row i mod m; m divides n
Var subtract(Var a, Var b);
Var multiply(Var a, Var b);              // elementwise
Var multiply_row(Var a, Var row);        // n x d * d, on each row
Var multiply_column(Var a, Var column);  // n x d * n (or n x 1), each row by its number
Var scale(Var a, double factor);
Var shift(Var a, double offset);
Var relu(Var a);
Var gelu(Var a);  // tanh form (Hendrycks and Gimpel 2016)
Var silu(Var a);  // x sigmoid(x)
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
// Each row to mean 0 and variance 1, times gain plus bias (d each): (x - mean) / sqrt(var +
// epsilon) (Ba et al. 2016, arXiv:1607.06450).
Var layer_norm(Var a, Var gain, Var bias, double epsilon = 1e-5);
// x / sqrt(mean(x²) + epsilon) * gain (Zhang and Sennrich 2019, arXiv:1910.07467).
Var rms_norm(Var a, Var gain, double epsilon = 1e-5);
// Each number 0 with probability `rate`, else divided by 1 - rate (Srivastava et al. 2014).
Var dropout(Var a, double rate, Stream stream);
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
// Row i's k largest, the largest first, on the tape: n x k; ties go to the lower column, NaN comes
// first.
std::span<const int> largest_columns(Var a, int k);
// base + sum over experts of their outputs at the rows that they saw, weighted: for each place p =
// row * k + j in places[e], the next row of parts[e] times weights[p] is added to `row`.
// base: n x d, weights: n x k, parts[e]: places[e].size() x d.
Var combine_routed(Var base, Var weights, std::span<const Var> parts,
                   std::span<const std::span<const int>> places);
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
// Images: row (b * height + y) * width + x holds the channels of a pixel.
struct ImageShape {
  int batch = 1;
  int height = 0;
  int width = 0;
  int channels = 1;
  int kernel = 3;
  int stride = 1;
  int padding = 0;  // zeros on each side
  int out_height() const { return (height + 2 * padding - kernel) / stride + 1; }
  int out_width() const { return (width + 2 * padding - kernel) / stride + 1; }
};
// Each output pixel's patch as a row: (batch * out_height * out_width) x (kernel * kernel *
// channels), rows of the patch first, then columns, then channels.
Var patches(Var x, const ImageShape& shape);
// activation(patches(x) wᵀ + bias); w: filters x (kernel * kernel * channels), bias: filters or
// invalid -> (batch * out_height * out_width) x filters. Image by image, so that patches stay
// small.
Var convolution(Var x, Var w, Var bias, const ImageShape& shape,
                Activation activation = Activation::kNone);
// The same of patches that are there already; the same bits.
Var convolution_of_patches(Var rows, Var w, Var bias, const ImageShape& shape,
                           Activation activation = Activation::kNone);
// A filter of its own for each channel; w: channels x (kernel * kernel).
Var depthwise_convolution(Var x, Var w, Var bias, const ImageShape& shape);
Var max_pool(Var x, const ImageShape& shape);
Var mean_pool(Var x, const ImageShape& shape);  // over the whole kernel, padding included
// Scaled dot-product attention of several heads (Vaswani et al. 2017, eq. 1). Row b * length + i of
// q, k and v is position i of sequence b; head h owns columns h * width / heads onwards.
struct AttentionShape {
  int batch = 1;
  int queries = 0;  // positions of q in each sequence
  int keys = 0;     // positions of k and v; queries are the last of them
  int stride = 0;   // rows of k and v from one sequence to the next; 0: keys
  int heads = 1;    // divides the width
  bool causal = true;
  int window = 0;  // positions that one sees on each side, itself included; 0: all
};
Var attention(Var q, Var k, Var v, const AttentionShape& shape);
// Rotary positions (Su et al. 2021, arXiv:2104.09864, eq. 34): in each head the pair of columns
// (j, j + w/2) of row r turns by positions[r mod length] * base^(-2j/w), length = positions.size().
Var rotary(Var x, std::span<const int> positions, int heads, double base = 10000.0);
Var rotary(Var x, int length, int heads, int first = 0, double base = 10000.0);  // first, first+1 …
// h_t = a_t * h_{t-1} + b_t by columns, h_{-1} = 0, for sequences of `length` rows of b (n x d); a
// is n x d, or one row for all times (d) -> n x d. A state ((n / length) x d, outside the tape) is
// what h_{-1} is instead; it becomes the last h of each sequence.
Var linear_scan(Var a, Var b, int length, Tensor* state = nullptr);
// Attention without a softmax: S_t = e^{g_t} S_{t-1} + k_tᵀ v_t, y_t = q_t S_t for each head,
// computed in chunks by products (Yang et al. 2023, arXiv:2312.06635; Sun et al. 2023,
// arXiv:2307.08621). q, k: n x heads * w, v: n x heads * u, log_decay g: n x heads, at most 0 -> n
// x heads * u. A state ((n / length) * heads x w x u, outside the tape) is what S_{-1} is instead
// of 0; it becomes the last S of each sequence.
Var gated_linear_attention(Var q, Var k, Var v, Var log_decay, int length, int heads,
                           Tensor* state = nullptr);
// Mean over rows of -log softmax(logits)[label]; rows with label < 0 do not count. -> scalar
Var cross_entropy(Var logits, std::span<const int> labels);
// factor times the sum over all entries of (a - b)². -> scalar
Var squared_distance(Var a, Var b, double factor = 1.0);
// The mean over them. -> scalar
Var mean_squared_error(Var a, Var b);

}  // namespace assay::nn
