#include "components/nn/derivatives.h"

#include "tests/components/support.h"

using namespace assay;
using namespace assay::nn;

namespace {

// A network of two layers on three examples; the loss of some of them.
struct Net {
  Parameters parameters;
  Tensor x = Tensor::normal({3, 4}, 1.0, Stream(3));
  std::vector<int> labels = {0, 2, 1};
  Net() {
    declare_linear(parameters, "a", 4, 5, 1.0, Stream(1));
    declare_linear(parameters, "b", 5, 3, 1.0, Stream(2));
  }
  Var loss(Forward& pass, int first, int count) const {
    const Var all = pass.tape().constant(x);
    std::vector<int> rows(static_cast<std::size_t>(count)), wanted;
    for (int i = 0; i < count; ++i) {
      rows[static_cast<std::size_t>(i)] = first + i;
      wanted.push_back(labels[static_cast<std::size_t>(first + i)]);
    }
    const Var h = pass.linear("a", gather_rows(all, rows), Activation::kTanh);
    return cross_entropy(pass.linear("b", h), wanted);
  }
};

}  // namespace

TEST_CASE("the mean of the examples' gradients is the batch's gradient") {
  const Net net;
  const auto whole = gradients(net.parameters, [&](Forward& pass) { return net.loss(pass, 0, 3); });
  const auto each = per_sample_gradients(
      net.parameters, 3, [&](Forward& pass, int i) { return net.loss(pass, i, 1); });
  REQUIRE(each.size() == 3);
  for (std::size_t k = 0; k < whole.size(); ++k)
    for (std::int64_t i = 0; i < whole[k].count(); ++i)
      CHECK(whole[k].get(i) ==
            doctest::Approx((each[0][k].get(i) + each[1][k].get(i) + each[2][k].get(i)) / 3)
                .epsilon(1e-4));
}

TEST_CASE("the Hessian of a quadratic form is its matrix") {
  // L = pᵀ M p / 2 with M symmetric.
  Parameters parameters;
  parameters.add("p", Tensor::of({1, 3}, std::vector<double>{0.3, -1.0, 2.0}), Role::kWeight);
  const Tensor m = Tensor::of({3, 3}, std::vector<double>{2, 1, 0, 1, 3, -1, 0, -1, 4});
  const auto product = hessian_vector_product(
      parameters,
      [&](Forward& pass) {
        const Var p = pass.parameter("p");
        return scale(sum(multiply(matmul(p, pass.tape().constant(m)), p)), 0.5);
      },
      {Tensor::of({1, 3}, std::vector<double>{1, 10, 100})});
  const double expected[] = {12, -69, 390};
  for (int i = 0; i < 3; ++i)
    CHECK(product[0].get(i) == doctest::Approx(expected[i]).epsilon(1e-8));
}

TEST_CASE("a Hessian is symmetric, and zero directions give zero") {
  const Net net;
  const LossOf loss = [&](Forward& pass) { return net.loss(pass, 0, 3); };
  const auto direction = [&](std::uint64_t seed) {
    std::vector<Tensor> out;
    for (const Parameter& p : net.parameters)
      out.push_back(Tensor::normal(p.value.shape(), 1.0, Stream(seed)));
    return out;
  };
  const auto dot = [](const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    double sum = 0.0;
    for (std::size_t k = 0; k < a.size(); ++k)
      for (std::int64_t i = 0; i < a[k].count(); ++i) sum += a[k].get(i) * b[k].get(i);
    return sum;
  };
  const auto u = direction(5), v = direction(6);
  const auto hu = hessian_vector_product(net.parameters, loss, u),
             hv = hessian_vector_product(net.parameters, loss, v);
  CHECK(dot(u, hv) == doctest::Approx(dot(v, hu)).epsilon(1e-5));
  CHECK(std::abs(dot(u, hv)) > 1e-3);
  std::vector<Tensor> none;
  for (const Parameter& p : net.parameters) none.emplace_back(p.value.shape());
  CHECK(dot(hessian_vector_product(net.parameters, loss, none), u) == 0.0);
  CHECK_THROWS_AS(hessian_vector_product(net.parameters, loss, {}), std::invalid_argument);
}
