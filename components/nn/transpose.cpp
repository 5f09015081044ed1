#include "components/nn/transpose.h"

#include "components/nn/dispatch.h"

namespace assay::nn {

namespace {

// to (b x d x n) = from (b x n x d) transposed, or added to it.
template <class T>
void exchange(int b, int n, int d, const T* from, T* to, bool add) {
  const std::int64_t size = std::int64_t{n} * d;
  for (int k = 0; k < b; ++k, from += size, to += size)
    for (int i = 0; i < n; ++i)
      for (int j = 0; j < d; ++j) {
        T& at = to[std::int64_t{j} * n + i];
        at = (add ? at : T(0)) + from[std::int64_t{i} * d + j];
      }
}

}  // namespace

Var transpose(Var a) {
  const Shape& shape = a.shape();
  const bool many = shape.rank() == 3;
  if (!many && shape.rank() != 2) bad_shapes("transpose", a, "2 or 3 dimensions");
  const int b = many ? shape[0] : 1, n = shape[many ? 1 : 0], d = shape[many ? 2 : 1];
  const Var inputs[] = {a};
  return a.tape->custom(
      "transpose", inputs, many ? Shape{b, d, n} : Shape{d, n},
      [=](Tape::Inputs in, Tensor& out) {
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          exchange<T>(b, n, d, in[0]->data<T>().data(), out.data<T>().data(), false);
        });
      },
      [=](Tape::Inputs, const Tensor& out, const Tensor& grad, Tape::Gradients to) {
        const auto claim = to.claim(0);
        if (!claim.tensor) return;
        dispatch(out.dtype(), [&](auto t) {
          using T = decltype(t);
          exchange<T>(b, d, n, grad.data<T>().data(), claim.tensor->data<T>().data(), claim.add);
        });
      });
}

}  // namespace assay::nn
