#include "components/nn/kernels.h"

#include <cblas.h>

#include <Eigen/Core>
#include <algorithm>

#include "components/nn/cores.h"

namespace assay::nn {

namespace {

constexpr std::int64_t kSmall = std::int64_t{1} << 20;  // above what OpenBLAS calls small

// Which of the two is faster (measured; docs/numerics.md): OpenBLAS for small products, where it
// does not pack, for thin ones of a transposed left side, and for large ones, for which Eigen asks
// the heap for room each time; Eigen for the others.
bool suits_blas(bool a_transposed, bool b_transposed, int n, int k, int d) {
  if (std::int64_t{n} * k * d <= kSmall) return !b_transposed;
  const int least = std::min({n, k, d});
  return least >= 384 || (a_transposed && least < 128);
}

constexpr int kTile = 16;  // a multiple of the rows that either library's kernels take at once
constexpr std::int64_t kWide = std::int64_t{1} << 23;  // products that several cores share

// Whether OpenBLAS may be used. A build without threads has no locks either and mixes up the
// buffers of two cells that multiply at once; one with threads must not start them inside a cell.
const bool kSafe = [] {
  openblas_set_num_threads(1);
  return openblas_get_parallel() == OPENBLAS_THREAD;
}();

CBLAS_TRANSPOSE flag(bool transposed) {
  return transposed ? CblasTrans : CblasNoTrans;
}

void blas(View<const float> a, View<const float> b, View<float> out, int n, int k, int d,
          float factor, bool add) {
  cblas_sgemm(CblasRowMajor, flag(a.transposed), flag(b.transposed), n, d, k, factor, a.data,
              static_cast<int>(a.stride), b.data, static_cast<int>(b.stride), add ? 1.0F : 0.0F,
              out.data, static_cast<int>(out.stride));
}
void blas(View<const double> a, View<const double> b, View<double> out, int n, int k, int d,
          double factor, bool add) {
  cblas_dgemm(CblasRowMajor, flag(a.transposed), flag(b.transposed), n, d, k, factor, a.data,
              static_cast<int>(a.stride), b.data, static_cast<int>(b.stride), add ? 1.0 : 0.0,
              out.data, static_cast<int>(out.stride));
}

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using In = Eigen::Map<const Matrix<T>, 0, Eigen::OuterStride<>>;
template <class T>
using Out = Eigen::Map<Matrix<T>, 0, Eigen::OuterStride<>>;

template <class Product, class T>
void store(const Product& product, T factor, Out<T> out, bool add) {
  if (add)
    out.noalias() += factor * product;
  else
    out.noalias() = factor * product;
}

template <class T>
void eigen(View<const T> a, View<const T> b, View<T> out, int n, int k, int d, T factor, bool add) {
  const Eigen::OuterStride<> sa(a.stride), sb(b.stride), so(out.stride);
  const Out<T> to(out.data, n, d, so);
  if (a.transposed && b.transposed)
    store(In<T>(a.data, k, n, sa).transpose() * In<T>(b.data, d, k, sb).transpose(), factor, to,
          add);
  else if (a.transposed)
    store(In<T>(a.data, k, n, sa).transpose() * In<T>(b.data, k, d, sb), factor, to, add);
  else if (b.transposed)
    store(In<T>(a.data, n, k, sa) * In<T>(b.data, d, k, sb).transpose(), factor, to, add);
  else
    store(In<T>(a.data, n, k, sa) * In<T>(b.data, k, d, sb), factor, to, add);
}

}  // namespace

template <class T>
void product(View<const T> a, View<const T> b, View<T> out, int n, int k, int d, T factor,
             bool add) {
  const bool by_blas = kSafe && suits_blas(a.transposed, b.transposed, n, k, d);
  // Rows are summed over k in the same order whatever the other rows, as long as cuts are at
  // multiples of the kernels' tiles and both sides of a cut take OpenBLAS's path for large
  // products.
  const bool wide = std::int64_t{n} * k * d >= kWide && n >= 4 * kTile &&
                    smallest_part(n, kTile, cores()) * k * d > kSmall;
  in_parts(n, kTile, wide ? 0 : n + 1, [&](int, std::int64_t first, std::int64_t last) {
    const View<const T> rows = {a.data + first * (a.transposed ? 1 : a.stride), a.stride,
                                a.transposed};
    const View<T> to = {out.data + first * out.stride, out.stride, false};
    const int count = static_cast<int>(last - first);
    if (by_blas)
      blas(rows, b, to, count, k, d, factor, add);
    else
      eigen(rows, b, to, count, k, d, factor, add);
  });
}

template void product<float>(View<const float>, View<const float>, View<float>, int, int, int,
                             float, bool);
template void product<double>(View<const double>, View<const double>, View<double>, int, int, int,
                              double, bool);

}  // namespace assay::nn
