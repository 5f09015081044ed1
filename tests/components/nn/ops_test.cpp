// Every operation: gradients against central differences over random shapes, values against plain
// loops where they are not obvious.
#include <cmath>
#include <numeric>

#include "components/nn/attention.h"
#include "components/nn/tape.h"
#include "tests/properties.h"

using namespace assay;
using namespace assay::nn;

namespace {

using Op = std::function<Var(std::span<const Var>)>;

double loss_of(const Op& op, const std::vector<Tensor>& inputs, const Tensor& weights) {
  Tape tape(Dtype::kFloat64);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.leaf(input));
  const Var out = op(vars);
  double total = 0.0;
  for (std::int64_t i = 0; i < tape.value(out).count(); ++i)
    total += tape.value(out).get(i) * weights.get(i);
  return total;
}

// Largest relative error between the tape's gradient of a random weighting of the outputs and
// central differences with step 1e-6 in double: truncation and rounding both stay below 1e-7 of the
// slope. The inputs are used twice, so that gradients are set by one and added to by the other.
double worst_error(const Op& once, std::vector<Tensor> inputs) {
  const Op op = [&](std::span<const Var> v) { return add(once(v), scale(once(v), 0.5)); };
  Tape tape(Dtype::kFloat64);
  std::vector<Var> vars;
  for (const Tensor& input : inputs) vars.push_back(tape.leaf(input));
  const Var out = op(vars);
  const Tensor weights =
      Tensor::normal({static_cast<int>(tape.value(out).count())}, 1.0, Stream(99), Dtype::kFloat64);
  tape.backward(sum(multiply(reshape(out, weights.shape()), tape.constant(weights))));
  double worst = 0.0;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    for (std::int64_t i = 0; i < inputs[k].count(); ++i) {
      const double x = inputs[k].get(i), h = 1e-6;
      inputs[k].set(i, x + h);
      const double up = loss_of(op, inputs, weights);
      inputs[k].set(i, x - h);
      const double down = loss_of(op, inputs, weights);
      inputs[k].set(i, x);
      const double slope = (up - down) / (2 * h), got = tape.gradient(vars[k]).get(i);
      worst = std::max(worst, std::abs(slope - got) / std::max(1.0, std::abs(slope)));
    }
  }
  return worst;
}

Tensor random(Shape shape, std::uint64_t seed) {
  return Tensor::normal(shape, 1.0, Stream(seed), Dtype::kFloat64);
}

struct Case {
  const char* name;
  Op op;
  std::vector<Tensor> inputs;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const double error = worst_error(c.op, c.inputs);
    RC_LOG() << c.name << ": " << error << '\n';
    RC_ASSERT(error < 1e-6);
  }
}

int size(int low, int high) {
  return *rc::gen::inRange(low, high + 1);
}

std::vector<int> indices(int count, int bound) {
  std::vector<int> out;
  for (int i = 0; i < count; ++i) out.push_back(size(0, bound - 1));
  return out;
}

}  // namespace

TEST_CASE("gradients of elementwise operations agree with central differences") {
  testing::holds("elementwise", [] {
    const int n = size(1, 4), d = size(1, 20);
    const auto seed = static_cast<std::uint64_t>(size(1, 1000));
    const Tensor a = random({n, d}, seed), b = random({n, d}, seed + 1);
    Tensor p = a;
    for (std::int64_t i = 0; i < p.count(); ++i) p.set(i, 0.5 + std::abs(p.get(i)));
    check({
        {"add", [](auto v) { return add(v[0], v[1]); }, {a, b}},
        {"subtract", [](auto v) { return subtract(v[0], v[1]); }, {a, b}},
        {"multiply", [](auto v) { return multiply(v[0], v[1]); }, {a, b}},
        {"multiply by itself", [](auto v) { return multiply(v[0], v[0]); }, {a}},
        {"scale", [](auto v) { return scale(v[0], -2.5); }, {a}},
        {"shift", [](auto v) { return square(shift(v[0], 0.5)); }, {a}},
        {"relu", [](auto v) { return relu(v[0]); }, {a}},
        {"gelu", [](auto v) { return gelu(v[0]); }, {a}},
        {"silu", [](auto v) { return silu(v[0]); }, {a}},
        {"tanh", [](auto v) { return nn::tanh(v[0]); }, {a}},
        {"sigmoid", [](auto v) { return sigmoid(v[0]); }, {a}},
        {"exp", [](auto v) { return nn::exp(v[0]); }, {a}},
        {"log", [](auto v) { return nn::log(v[0]); }, {p}},
        {"softplus", [](auto v) { return softplus(v[0]); }, {a}},
        {"absolute", [](auto v) { return absolute(v[0]); }, {a}},
        {"clamp", [](auto v) { return clamp(v[0], -0.5, 0.5); }, {a}},
        {"dropout", [](auto v) { return dropout(v[0], 0.4, Stream(7)); }, {a}},
    });
  });
}

TEST_CASE("gradients of products and of operations on rows agree with central differences") {
  testing::holds("matrix", [] {
    const int n = size(1, 5), d = size(1, 18), k = size(1, 6), b = size(1, 3);
    const auto seed = static_cast<std::uint64_t>(size(1, 1000));
    const Tensor a = random({n, d}, seed), c = random({n, d}, seed + 1), w = random({k, d}, seed),
                 m = random({d, k}, seed + 2), row = random({d}, seed + 3),
                 bias = random({k}, seed + 4), column = random({n}, seed + 5),
                 tall = random({n * b, d}, seed + 6);
    const Tensor x = random({b, n, d}, seed), y = random({b, d, k}, seed + 1),
                 z = random({b, k, d}, seed + 2);
    check({
        {"matmul", [](auto v) { return matmul(v[0], v[1]); }, {a, m}},
        {"matmul_transposed", [](auto v) { return matmul_transposed(v[0], v[1]); }, {a, c}},
        {"with itself", [](auto v) { return matmul_transposed(v[0], v[0]); }, {a}},
        {"matmul_batched", [](auto v) { return matmul_batched(v[0], v[1]); }, {x, y}},
        {"matmul_batched_transposed",
         [](auto v) { return matmul_batched_transposed(v[0], v[1]); },
         {x, z}},
        {"linear", [](auto v) { return linear(v[0], v[1], v[2]); }, {a, w, bias}},
        {"linear without bias", [](auto v) { return linear(v[0], v[1], {}); }, {a, w}},
        {"linear relu",
         [](auto v) { return linear(v[0], v[1], v[2], Activation::kRelu); },
         {a, w, bias}},
        {"linear relu without bias",
         [](auto v) { return linear(v[0], v[1], {}, Activation::kRelu); },
         {a, w}},
        {"linear tanh",
         [](auto v) { return linear(v[0], v[1], v[2], Activation::kTanh); },
         {a, w, bias}},
        {"linear gelu",
         [](auto v) { return linear(v[0], v[1], v[2], Activation::kGelu); },
         {a, w, bias}},
        {"linear silu",
         [](auto v) { return linear(v[0], v[1], v[2], Activation::kSilu); },
         {a, w, bias}},
        {"add_row", [](auto v) { return add_row(v[0], v[1]); }, {a, row}},
        {"add_tiled", [](auto v) { return add_tiled(v[0], v[1]); }, {tall, a}},
        {"multiply_row", [](auto v) { return multiply_row(v[0], v[1]); }, {a, row}},
        {"multiply_column", [](auto v) { return multiply_column(v[0], v[1]); }, {a, column}},
        {"softmax", [](auto v) { return softmax(v[0]); }, {a}},
        {"log_softmax", [](auto v) { return log_softmax(v[0]); }, {a}},
        {"layer_norm",
         [](auto v) { return layer_norm(v[0], v[1], v[2], 0.1); },
         {a, row, random({d}, seed + 9)}},
        {"rms_norm", [](auto v) { return rms_norm(v[0], v[1], 0.1); }, {a, row}},
        {"sum", [](auto v) { return sum(v[0]); }, {a}},
        {"mean", [](auto v) { return mean(v[0]); }, {a}},
        {"sum_rows", [](auto v) { return sum_rows(v[0]); }, {a}},
        {"mean_rows", [](auto v) { return mean_rows(v[0]); }, {a}},
        {"sum_columns", [](auto v) { return sum_columns(v[0]); }, {a}},
        {"squared_distance", [](auto v) { return squared_distance(v[0], v[1], 0.3); }, {a, c}},
        {"of itself", [](auto v) { return squared_distance(v[0], v[0]); }, {a}},
        {"mean_squared_error", [](auto v) { return mean_squared_error(v[0], v[1]); }, {a, c}},
    });
  });
}

TEST_CASE("gradients of operations by index agree with central differences") {
  testing::holds("index", [] {
    const int n = size(1, 5), d = size(1, 9), k = size(1, d), m = size(1, 6);
    const auto seed = static_cast<std::uint64_t>(size(1, 1000));
    const Tensor a = random({n, d}, seed), b = random({n, d}, seed + 1);
    const std::vector<int> rows = indices(m, n), places = indices(n, m),
                           columns = indices(n * k, d);
    std::vector<int> labels = indices(n, d);
    if (n > 1) labels[0] = -1;
    const int first = size(0, d - k);
    check({
        {"concat_columns", [](auto v) { return concat_columns(v); }, {a, b}},
        {"slice_columns", [&](auto v) { return slice_columns(v[0], first, k); }, {a}},
        {"gather_rows", [&](auto v) { return gather_rows(v[0], rows); }, {a}},
        {"scatter_add_rows", [&](auto v) { return scatter_add_rows(v[0], places, m); }, {a}},
        {"gather_columns", [&](auto v) { return gather_columns(v[0], columns, k); }, {a}},
        {"topk_rows", [&](auto v) { return topk_rows(v[0], k); }, {a}},
        {"cross_entropy", [&](auto v) { return cross_entropy(v[0], labels); }, {a}},
        {"topk_linear and combine_rows",
         [&](auto v) { return combine_rows(topk_linear(v[0], v[1], v[2], std::min(k, m)), v[3]); },
         {a, random({m, d}, seed + 2), random({m}, seed + 3), random({m, 3}, seed + 4)}},
    });
  });
}

TEST_CASE("gradients of attention and rotary positions agree with central differences") {
  testing::holds("attention", [] {
    const int batch = size(1, 2), heads = size(1, 2), head = size(1, 2) * 2, queries = size(1, 4);
    const int keys = queries + size(0, 2), width = heads * head;
    const auto seed = static_cast<std::uint64_t>(size(1, 1000));
    const AttentionShape shape = {batch,     queries, keys, 0, heads, *rc::gen::arbitrary<bool>(),
                                  size(0, 3)};
    const AttentionShape self = {batch, queries, queries, 0, heads, shape.causal, shape.window};
    const Tensor q = random({batch * queries, width}, seed),
                 k = random({batch * keys, width}, seed + 1),
                 v = random({batch * keys, width}, seed + 2);
    std::vector<int> places;
    for (int i = 0; i < batch * queries * heads; ++i) places.push_back(size(0, queries - 1));
    check({
        {"attention", [&](auto x) { return attention(x[0], x[1], x[2], shape); }, {q, k, v}},
        {"self-attention", [&](auto x) { return attention(x[0], x[0], x[0], self); }, {q}},
        {"rotary", [&](auto x) { return rotary(x[0], queries, heads, 3); }, {q}},
        {"rotary by place",
         [&](auto x) { return rotary_by_place(x[0], places, queries, heads); },
         {q}},
    });
    Tape tape(Dtype::kFloat64);
    std::vector<int> order(places.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int>(i) / heads % queries;
    const Var x = tape.constant(q);
    CHECK(tape.value(rotary_by_place(x, order, queries, heads)) ==
          tape.value(rotary(x, queries, heads)));
  });
}

TEST_CASE("gradients of convolutions and pooling agree with central differences") {
  testing::holds("images", [] {
    const int kernel = size(1, 3), stride = size(1, 2), channels = size(1, 3), filters = size(1, 3);
    const ImageShape shape = {size(1, 2), size(kernel, 5), size(kernel, 4),    channels,
                              kernel,     stride,          size(0, kernel - 1)};
    const auto seed = static_cast<std::uint64_t>(size(1, 1000));
    const Tensor x = random({shape.batch * shape.height * shape.width, channels}, seed),
                 w = random({filters, kernel * kernel * channels}, seed + 1),
                 b = random({filters}, seed + 2), d = random({channels, kernel * kernel}, seed + 3),
                 db = random({channels}, seed + 4);
    check({
        {"patches", [&](auto v) { return patches(v[0], shape); }, {x}},
        {"convolution", [&](auto v) { return convolution(v[0], v[1], v[2], shape); }, {x, w, b}},
        {"without bias", [&](auto v) { return convolution(v[0], v[1], {}, shape); }, {x, w}},
        {"with relu",
         [&](auto v) { return convolution(v[0], v[1], v[2], shape, Activation::kRelu); },
         {x, w, b}},
        {"with gelu",
         [&](auto v) { return convolution(v[0], v[1], v[2], shape, Activation::kGelu); },
         {x, w, b}},
        {"of patches",
         [&](auto v) { return convolution_of_patches(patches(v[0], shape), v[1], v[2], shape); },
         {x, w, b}},
        {"depthwise",
         [&](auto v) { return depthwise_convolution(v[0], v[1], v[2], shape); },
         {x, d, db}},
        {"max_pool", [&](auto v) { return max_pool(v[0], shape); }, {x}},
        {"mean_pool", [&](auto v) { return mean_pool(v[0], shape); }, {x}},
    });
  });
}

TEST_CASE("gradients of recurrences agree with central differences") {
  testing::holds("recurrences", [] {
    const int batch = size(1, 2), length = *rc::gen::element(1, 3, 16, 20), heads = size(1, 2),
              w = size(1, 2), u = size(1, 3), n = batch * length;
    const auto seed = static_cast<std::uint64_t>(size(1, 1000));
    const Tensor q = random({n, heads * w}, seed), k = random({n, heads * w}, seed + 1),
                 v = random({n, heads * u}, seed + 2), row = random({heads * w}, seed + 4);
    Tensor decay = random({n, heads}, seed + 3);
    for (std::int64_t i = 0; i < decay.count(); ++i) decay.set(i, -0.3 * std::abs(decay.get(i)));
    const auto gate = [](Var a) { return sigmoid(a); };
    check({
        {"linear_scan", [&](auto x) { return linear_scan(gate(x[0]), x[1], length); }, {q, k}},
        {"with one gate", [&](auto x) { return linear_scan(gate(x[0]), x[1], length); }, {row, k}},
        {"gated_linear_attention",
         [&](auto x) { return gated_linear_attention(x[0], x[1], x[2], x[3], length, heads); },
         {q, k, v, decay}},
    });
  });
}

TEST_CASE("gated linear attention in chunks is the recurrence step by step") {
  const int length = 37, heads = 2, w = 3, u = 2;
  const Tensor q = random({length, heads * w}, 1), k = random({length, heads * w}, 2),
               v = random({length, heads * u}, 3);
  Tensor g = random({length, heads}, 4);
  for (std::int64_t i = 0; i < g.count(); ++i) g.set(i, -std::abs(g.get(i)));
  Tape tape(Dtype::kFloat64);
  const Tensor& y = tape.value(gated_linear_attention(
      tape.constant(q), tape.constant(k), tape.constant(v), tape.constant(g), length, heads));
  for (int h = 0; h < heads; ++h) {
    double state[w][u] = {};
    for (int t = 0; t < length; ++t)
      for (int c = 0; c < u; ++c) {
        double out = 0.0;
        for (int r = 0; r < w; ++r) {
          state[r][c] =
              std::exp(g.at(t, h)) * state[r][c] + k.at(t, h * w + r) * v.at(t, h * u + c);
          out += q.at(t, h * w + r) * state[r][c];
        }
        CHECK(y.at(t, h * u + c) == doctest::Approx(out).epsilon(1e-10));
      }
  }
}

TEST_CASE("a convolution is what its definition says") {
  const ImageShape shape = {2, 5, 4, 3, 3, 2, 1};
  const int filters = 2;
  const Tensor x = random({2 * 5 * 4, 3}, 1), w = random({filters, 27}, 2),
               b = random({filters}, 3);
  Tape tape(Dtype::kFloat64);
  const Tensor& y =
      tape.value(convolution(tape.constant(x), tape.constant(w), tape.constant(b), shape));
  CHECK(y.shape() == Shape{2 * 3 * 2, filters});
  for (int n = 0; n < 2; ++n)
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 2; ++j)
        for (int f = 0; f < filters; ++f) {
          double expected = b.get(f);
          for (int p = 0; p < 3; ++p)
            for (int q = 0; q < 3; ++q)
              for (int c = 0; c < 3; ++c) {
                const int row = 2 * i - 1 + p, column = 2 * j - 1 + q;
                if (row < 0 || row >= 5 || column < 0 || column >= 4) continue;
                expected += x.at((n * 5 + row) * 4 + column, c) * w.at(f, (p * 3 + q) * 3 + c);
              }
          CHECK(y.at((n * 3 + i) * 2 + j, f) == doctest::Approx(expected).epsilon(1e-12));
        }
}

TEST_CASE("attention is what its definition says") {
  const int batch = 2, queries = 3, keys = 5, heads = 2, width = 6, head = 3;
  const Tensor q = random({batch * queries, width}, 1), k = random({batch * keys, width}, 2),
               v = random({batch * keys, width}, 3);
  for (const bool causal : {false, true}) {
    for (const int window : {0, 1, 2}) {
      Tape tape(Dtype::kFloat64);
      const Tensor& out = tape.value(attention(tape.constant(q), tape.constant(k), tape.constant(v),
                                               {batch, queries, keys, 0, heads, causal, window}));
      for (int b = 0; b < batch; ++b)
        for (int h = 0; h < heads; ++h)
          for (int i = 0; i < queries; ++i) {
            std::vector<double> weight(keys, 0.0);
            const int at = keys - queries + i;
            for (int j = 0; j < keys; ++j) {
              if ((causal && j > at) || (window > 0 && std::abs(at - j) >= window)) continue;
              double dot = 0.0;
              for (int c = h * head; c < (h + 1) * head; ++c)
                dot += q.at(b * queries + i, c) * k.at(b * keys + j, c);
              weight[static_cast<std::size_t>(j)] = std::exp(dot / std::sqrt(3.0));
            }
            const double total = std::accumulate(weight.begin(), weight.end(), 0.0);
            for (int c = h * head; c < (h + 1) * head; ++c) {
              double expected = 0.0;
              for (int j = 0; j < keys; ++j)
                expected += weight[static_cast<std::size_t>(j)] / total * v.at(b * keys + j, c);
              CHECK(out.at(b * queries + i, c) == doctest::Approx(expected).epsilon(1e-12));
            }
          }
    }
  }
}

TEST_CASE("rotated products depend on the distance alone") {
  const Tensor q = random({1, 8}, 1), k = random({1, 8}, 2);
  const auto dot = [&](int at, int other) {
    Tape tape(Dtype::kFloat64);
    return tape.scalar(
        sum(multiply(rotary(tape.constant(q), 1, 2, at), rotary(tape.constant(k), 1, 2, other))));
  };
  CHECK(dot(3, 1) == doctest::Approx(dot(12, 10)).epsilon(1e-12));
  CHECK(dot(3, 1) != doctest::Approx(dot(3, 2)));
}

TEST_CASE("dropout keeps the mean and the share that it says") {
  Tape tape;
  const Tensor& out =
      tape.value(dropout(tape.constant(Tensor::full({100, 100}, 1.0)), 0.25, Stream(3)));
  int zeros = 0;
  for (const float x : out.floats()) {
    zeros += x == 0.0F ? 1 : 0;
    CHECK((x == 0.0F || x == doctest::Approx(4.0 / 3.0)));
  }
  CHECK(std::abs(zeros / 1e4 - 0.25) < 4 * std::sqrt(0.25 * 0.75 / 1e4));
  CHECK_THROWS_AS(dropout(tape.constant(Tensor({1})), 1.0, Stream(1)), std::invalid_argument);
}

TEST_CASE("a layer's norm has mean 0 and variance 1 before its gain and bias") {
  Tape tape(Dtype::kFloat64);
  const Var x = tape.constant(random({4, 50}, 1));
  const Var one = tape.constant(Tensor::full({50}, 1.0)), zero = tape.constant(Tensor({50}));
  const Tensor& y = tape.value(layer_norm(x, one, zero, 0.0));
  const Tensor& z = tape.value(rms_norm(x, one, 0.0));
  for (int i = 0; i < 4; ++i) {
    double mean = 0.0, square = 0.0, other = 0.0;
    for (int j = 0; j < 50; ++j) {
      mean += y.at(i, j) / 50;
      square += y.at(i, j) * y.at(i, j) / 50;
      other += z.at(i, j) * z.at(i, j) / 50;
    }
    CHECK(std::abs(mean) < 1e-12);
    CHECK(square == doctest::Approx(1.0).epsilon(1e-12));
    CHECK(other == doctest::Approx(1.0).epsilon(1e-12));
  }
}
