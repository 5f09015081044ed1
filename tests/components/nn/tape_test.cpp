#include "components/nn/tape.h"

#include <cmath>
#include <numeric>

using namespace assay;
using namespace assay::nn;

namespace {

Tensor random(Shape shape, int seed) {
  return Tensor::normal(shape, 1.0, Stream(static_cast<std::uint64_t>(seed)), Dtype::kFloat64);
}

}  // namespace

TEST_CASE("straight-through takes the value of one and the gradient of the other") {
  Tape tape;
  const Var hard = tape.leaf(Tensor::full({2}, 3.0)), soft = tape.leaf(Tensor::full({2}, 0.5));
  const Var out = sum(straight_through(hard, soft));
  CHECK(tape.scalar(out) == 6.0);
  tape.backward(out);
  CHECK(tape.gradient(hard) == Tensor({2}));
  CHECK(tape.gradient(soft) == Tensor::full({2}, 1.0));
}

TEST_CASE("shapes that do not fit are named") {
  Tape tape;
  const Var a = tape.leaf(Tensor({2, 3})), b = tape.leaf(Tensor({2, 2}));
  CHECK_THROWS_WITH(add(a, b), "add: input (2 x 3) and input (2 x 2) do not fit");
  CHECK_THROWS_WITH(matmul(a, b), "matmul: input (2 x 3) and input (2 x 2) do not fit");
  CHECK_THROWS_WITH(tape.backward(a), "backward: the loss is input (2 x 3), not one number");
}

TEST_CASE("masked entries of a parameter get no gradient") {
  Parameters parameters;
  Parameter& w = parameters.add("w", Tensor::full({2}, 1.0), Role::kWeight);
  w.mask = Tensor::of({2}, std::vector<double>{1.0, 0.0});
  Tape tape;
  tape.backward(sum(tape.parameter(w)));
  CHECK(tape.gradient_of(w)->get(0) == 1.0);
  CHECK(tape.gradient_of(w)->get(1) == 0.0);
}

TEST_CASE("products of any size are those of three plain loops") {
  for (const auto& [n, k, d] :
       {std::array{1, 1, 1}, std::array{33, 65, 17}, std::array{128, 70, 96}}) {
    const Tensor a = random({n, k}, 1), b = random({k, d}, 2);
    Tensor transposed({d, k}, Dtype::kFloat64);
    for (int i = 0; i < k; ++i)
      for (int j = 0; j < d; ++j) transposed.set(std::int64_t{j} * k + i, b.at(i, j));
    Tape tape(Dtype::kFloat64);
    const Var straight = matmul(tape.leaf(a), tape.leaf(b));
    const Var other = matmul_transposed(tape.leaf(a), tape.leaf(transposed));
    double worst = 0.0;
    for (int i = 0; i < n; ++i) {
      for (int j = 0; j < d; ++j) {
        double expected = 0.0;
        for (int l = 0; l < k; ++l) expected += a.at(i, l) * b.at(l, j);
        worst = std::max({worst, std::abs(tape.value(straight).at(i, j) - expected),
                          std::abs(tape.value(other).at(i, j) - expected)});
      }
    }
    CHECK(worst < 1e-12);  // at most 128 roundings of numbers around 10
  }
}

TEST_CASE("gradients of larger products are those of the transposed products") {
  const Tensor a = random({40, 30}, 1), b = random({30, 20}, 2);
  Tape tape(Dtype::kFloat64);
  const Var left = tape.leaf(a), right = tape.leaf(b);
  tape.backward(sum(matmul(left, right)));
  double worst = 0.0;
  for (int l = 0; l < 30; ++l) {
    double row = 0.0, column = 0.0;
    for (int j = 0; j < 20; ++j) row += b.at(l, j);
    for (int i = 0; i < 40; ++i) column += a.at(i, l);
    worst = std::max({worst, std::abs(tape.gradient(left).at(7, l) - row),
                      std::abs(tape.gradient(right).at(l, 3) - column)});
  }
  CHECK(worst < 1e-12);
}

TEST_CASE("numbers lie on 64-byte boundaries, so that bits do not depend on where") {
  for (const int n : {1, 3, 100}) {
    const Tensor single({n}), twice({n}, Dtype::kFloat64);
    CHECK(reinterpret_cast<std::uintptr_t>(single.floats().data()) % 64 == 0);
    CHECK(reinterpret_cast<std::uintptr_t>(twice.data<double>().data()) % 64 == 0);
  }
}

TEST_CASE("a gradient belongs to the last backward pass") {
  Parameters parameters;
  const Parameter& w = parameters.add("w", Tensor::full({2}, 1.0), Role::kWeight);
  Tape tape;
  tape.backward(sum(scale(tape.parameter(w), 3.0)));
  CHECK(tape.gradient_of(w)->get(0) == 3.0);
  tape.reset();
  const Var constant = tape.constant(Tensor::full({2}, 1.0));  // in the record that w had
  CHECK(tape.gradient(constant) == Tensor({2}));
  (void)tape.parameter(w);
  CHECK(tape.gradient_of(w) == nullptr);
  const Var stopped = tape.leaf(Tensor::full({2}, 1.0));
  tape.backward(sum(stop_gradient(stopped)));
  CHECK(tape.gradient(stopped) == Tensor({2}));
}

TEST_CASE("relu passes NaN on instead of hiding it") {
  Tape tape;
  CHECK(std::isnan(tape.value(relu(tape.leaf(Tensor::full({1}, NAN)))).get(0)));
  CHECK(tape.value(relu(tape.leaf(Tensor::full({1}, -2.0)))).get(0) == 0.0);
}

TEST_CASE("an operation of one's own keeps its arrays on the tape") {
  // y = sum of the entries with these weights.
  const auto weighted = [](Var a, std::span<const double> weights) {
    const auto kept = a.tape->keep(weights);
    const Var inputs[] = {a};
    return a.tape->custom(
        "weighted", inputs, {1},
        [kept](Tape::Inputs in, Tensor& out) {
          double sum = 0.0;
          for (std::size_t i = 0; i < kept.size(); ++i)
            sum += kept[i] * in[0]->get(static_cast<std::int64_t>(i));
          out.set(0, sum);
        },
        [kept](Tape::Inputs, const Tensor&, const Tensor& grad, Tape::Gradients to) {
          for (std::size_t i = 0; to[0] && i < kept.size(); ++i) {
            const auto at = static_cast<std::int64_t>(i);
            to[0]->set(at, to[0]->get(at) + kept[i] * grad.get(0));
          }
        });
  };
  Tape tape(Dtype::kFloat64);
  const Var a = tape.leaf(random({3}, 1));
  Var out;
  {
    const std::vector<double> weights = {1.0, -2.0, 0.5};
    out = weighted(a, weights);
  }
  tape.backward(scale(out, 2.0));
  CHECK(tape.gradient(a) == Tensor::of({3}, std::vector<double>{2.0, -4.0, 1.0}, Dtype::kFloat64));
}

TEST_CASE("a tape holds more parameters than it began with, step after step") {
  Parameters parameters;
  for (int i = 0; i < 300; ++i)
    parameters.add("p" + std::to_string(i), Tensor::full({1}, i), Role::kWeight);
  Tape tape;
  for (int step = 0; step < 3; ++step) {
    tape.reset();
    Var total = tape.constant(Tensor({1}));
    for (int i = step; i < 300; i += 2) {
      const Parameter& p = parameters.get("p" + std::to_string(i));
      total = add(total, add(tape.parameter(p), scale(tape.parameter(p), 2.0)));
    }
    tape.backward(total);
    for (int i = 0; i < 300; ++i) {
      const Tensor* slope = tape.gradient_of(parameters.get("p" + std::to_string(i)));
      const bool used = i >= step && (i - step) % 2 == 0;
      REQUIRE((slope != nullptr) == used);
      if (used) CHECK(slope->get(0) == 3.0);
    }
  }
}

TEST_CASE("sparse codes are the dense ones, values and gradients") {
  const int n = 5, d = 3, m = 9, k = 4;
  const Tensor x = random({n, d}, 1), w = random({m, d}, 2), b = random({m}, 3),
               t = random({m, d}, 4);
  Tape dense(Dtype::kFloat64), sparse(Dtype::kFloat64);
  const auto leaves = [&](Tape& tape) {
    return std::vector<Var>{tape.leaf(x), tape.leaf(w), tape.leaf(b), tape.leaf(t)};
  };
  const std::vector<Var> a = leaves(dense), c = leaves(sparse);
  const Var full = matmul(relu(topk_rows(add_row(matmul_transposed(a[0], a[1]), a[2]), k)), a[3]);
  SparseRows code = topk_linear(c[0], c[1], c[2], k);
  for (int i = 0; i < n; ++i)
    CHECK(std::is_sorted(code.columns.begin() + i * k, code.columns.begin() + (i + 1) * k));
  code.values = relu(code.values);
  const Var few = combine_rows(code, c[3]);
  dense.backward(sum(square(full)));
  sparse.backward(sum(square(few)));
  for (std::int64_t i = 0; i < n * d; ++i)
    CHECK(dense.value(full).get(i) == doctest::Approx(sparse.value(few).get(i)));
  for (std::size_t v = 0; v < 4; ++v)
    for (std::int64_t i = 0; i < dense.gradient(a[v]).count(); ++i)
      CHECK(dense.gradient(a[v]).get(i) == doctest::Approx(sparse.gradient(c[v]).get(i)));
}

TEST_CASE("equal numbers go to the lower column in a sparse code") {
  Tape tape;
  const Var x = tape.constant(Tensor::full({1, 1}, 1.0));
  const Var w = tape.constant(Tensor::of({5, 1}, std::vector<double>{1, 2, 2, 3, 2}));
  const SparseRows code = topk_linear(x, w, tape.constant(Tensor({5})), 3);
  CHECK(std::vector<int>(code.columns.begin(), code.columns.end()) == std::vector<int>{1, 2, 3});
  CHECK_THROWS_AS(topk_linear(x, w, tape.constant(Tensor({5})), 6), std::invalid_argument);
}

TEST_CASE("a sparse code of many columns keeps what a sort keeps") {
  for (const int m : {64, 255, 256, 300, 1000}) {
    for (const int k : {1, 7, 64, 100}) {
      if (k > m) continue;
      CAPTURE(m);
      CAPTURE(k);
      // Few distinct numbers, so that ties abound.
      Tensor w = Tensor::normal({m, 1}, 2.0, Stream(static_cast<std::uint64_t>(m)));
      for (int i = 0; i < m; ++i) w.set(i, std::round(w.get(i)));
      std::vector<int> order(static_cast<std::size_t>(m));
      std::iota(order.begin(), order.end(), 0);
      std::stable_sort(order.begin(), order.end(),
                       [&](int p, int q) { return w.get(p) > w.get(q); });
      order.resize(static_cast<std::size_t>(k));
      std::sort(order.begin(), order.end());
      Tape tape;
      const SparseRows code = topk_linear(tape.constant(Tensor::full({1, 1}, 1.0)),
                                          tape.constant(w), tape.constant(Tensor({m})), k);
      CHECK(std::vector<int>(code.columns.begin(), code.columns.end()) == order);
      for (int j = 0; j < k; ++j)
        CHECK(tape.value(code.values).get(j) == w.get(order[static_cast<std::size_t>(j)]));
    }
  }
  Tensor w = Tensor::normal({300, 1}, 1.0, Stream(1));
  w.set(123, NAN);
  Tape tape;
  const SparseRows code = topk_linear(tape.constant(Tensor::full({1, 1}, 1.0)), tape.constant(w),
                                      tape.constant(Tensor({300})), 5);
  CHECK(std::find(code.columns.begin(), code.columns.end(), 123) != code.columns.end());
}

TEST_CASE("where numbers stop being finite is named") {
  Parameters parameters;
  Parameter& w = parameters.add("layer.weight", Tensor::full({2, 2}, 1.0), Role::kWeight);
  Tape tape;
  const Var x = tape.constant(Tensor::full({3, 2}, -1.0));
  const auto message = [&](Var loss) {
    try {
      tape.require_finite(loss);
    } catch (const std::runtime_error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const Var fine = linear(x, tape.parameter(w), {});
  tape.label(fine, "layer");
  Var loss = sum(fine);
  tape.backward(loss);
  CHECK(message(loss).empty());
  loss = sum(nn::log(fine));
  CHECK(message(loss) == "NaN or infinity first in the value of log after layer (3 x 2)");
  // A finite loss whose slope is not.
  tape.reset();
  const Var zero = multiply(tape.parameter(w), tape.constant(Tensor({2, 2})));
  loss = sum(nn::exp(nn::log(zero)));
  tape.backward(loss);
  CHECK(std::isfinite(tape.scalar(loss)));
  CHECK(message(loss) ==
        "NaN or infinity in the gradient of parameter layer.weight, first in that of multiply of "
        "layer.weight (2 x 2) by log of layer.weight (2 x 2)");
  w.value.set(1, INFINITY);
  tape.reset();
  CHECK(message(sum(linear(tape.leaf(Tensor({1, 2})), tape.parameter(w), {}))) ==
        "NaN or infinity first in the value of parameter layer.weight (2 x 2)");
}
