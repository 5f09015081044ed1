#include "components/nn/kernels.h"

#include <Eigen/Core>

namespace assay::nn {

namespace {

template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using In = Eigen::Map<const Matrix<T>>;
template <class T>
using Out = Eigen::Map<Matrix<T>>;

template <class Product, class T>
void store(const Product& product, Out<T> out, bool add) {
  if (add)
    out.noalias() += product;
  else
    out.noalias() = product;
}

}  // namespace

template <class T>
void product(std::span<const T> a, std::span<const T> b, std::span<T> out, int n, int k, int d,
             bool add) {
  store(In<T>(a.data(), n, k) * In<T>(b.data(), k, d), Out<T>(out.data(), n, d), add);
}

template <class T>
void product_bt(std::span<const T> a, std::span<const T> b, std::span<T> out, int n, int k, int d,
                bool add) {
  store(In<T>(a.data(), n, k) * In<T>(b.data(), d, k).transpose(), Out<T>(out.data(), n, d), add);
}

template <class T>
void product_at(std::span<const T> a, std::span<const T> b, std::span<T> out, int n, int k, int d,
                bool add) {
  store(In<T>(a.data(), k, n).transpose() * In<T>(b.data(), k, d), Out<T>(out.data(), n, d), add);
}

template void product<float>(std::span<const float>, std::span<const float>, std::span<float>, int,
                             int, int, bool);
template void product<double>(std::span<const double>, std::span<const double>, std::span<double>,
                              int, int, int, bool);
template void product_bt<float>(std::span<const float>, std::span<const float>, std::span<float>,
                                int, int, int, bool);
template void product_bt<double>(std::span<const double>, std::span<const double>,
                                 std::span<double>, int, int, int, bool);
template void product_at<float>(std::span<const float>, std::span<const float>, std::span<float>,
                                int, int, int, bool);
template void product_at<double>(std::span<const double>, std::span<const double>,
                                 std::span<double>, int, int, int, bool);

}  // namespace assay::nn
