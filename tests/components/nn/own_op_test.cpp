// The worked example of docs/numerics.md, which repeats it word for word (checked by scripts/docs).
#include "components/nn/dispatch.h"
#include "components/nn/tape.h"

using namespace assay;
using namespace assay::nn;

// Huber's loss by elements: x² / 2 where |x| < delta, else delta (|x| - delta / 2).
Var huber(Var a, double delta) {
  const Var inputs[] = {a};
  return a.tape->custom(
      "huber", inputs, a.shape(),
      [delta](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {  // float or double: one code for both
          using T = decltype(t);
          const auto x = in[0]->data<T>();
          const auto y = out.data<T>();
          const auto d = static_cast<T>(delta);
          for (std::size_t i = 0; i < y.size(); ++i) {
            const T size = std::abs(x[i]);
            y[i] = size < d ? x[i] * x[i] / 2 : d * (size - d / 2);
          }
        });
      },
      [delta](Tape::Inputs in, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        const auto claim = to.claim(0);  // set the gradient if we are the first, else add to it
        if (!claim.tensor) return;       // nobody wants it
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          const auto x = in[0]->data<T>(), g = grad.data<T>();
          const auto dx = claim.tensor->data<T>();
          const auto d = static_cast<T>(delta);
          for (std::size_t i = 0; i < g.size(); ++i) {
            const T slope = std::clamp(x[i], -d, d) * g[i];
            dx[i] = claim.add ? dx[i] + slope : slope;
          }
        });
      });
}

TEST_CASE("an operation of one's own has the gradient that differences give") {
  const Tensor at = Tensor::normal({3, 5}, 2.0, Stream(1), Dtype::kFloat64);
  Tape tape(Dtype::kFloat64);
  const Var x = tape.leaf(at);
  tape.backward(sum(huber(x, 1.0)));
  const auto value = [&](std::int64_t i, double step) {
    Tensor moved = at;
    moved.set(i, at.get(i) + step);
    Tape other(Dtype::kFloat64);
    return other.scalar(sum(huber(other.constant(moved), 1.0)));
  };
  for (std::int64_t i = 0; i < at.count(); ++i)
    CHECK(tape.gradient(x).get(i) ==
          doctest::Approx((value(i, 1e-6) - value(i, -1e-6)) / 2e-6).epsilon(1e-6));
}
