#pragma once

#include <cstddef>

namespace assay::nn {

// Elementary functions over arrays, by Eigen's vector instructions. The result for a number does
// not depend on where in the array it stands. NaN stays NaN. Error bounds for float, measured over
// all binary exponents by the tests and listed in docs/numerics.md, in units of the last place
// (ulp) of the result:
//   exp 2 ulp, log 2 ulp, sigmoid 4 ulp, tanh 6 ulp; gelu and silu 1e-6 * max(1, |x|) absolute.
// Doubles are within 4 ulp (gelu, silu: 1e-14 * max(1, |x|)).
template <class T>
void exp_array(const T* x, T* y, std::size_t n);
template <class T>
void log_array(const T* x, T* y, std::size_t n);
template <class T>
void tanh_array(const T* x, T* y, std::size_t n);
template <class T>
void sigmoid_array(const T* x, T* y, std::size_t n);
// x sigmoid(2 u), u = sqrt(2/pi) (x + 0.044715 x³): the tanh form (Hendrycks and Gimpel 2016).
// The sigmoid is kept in `gate`, for the slope.
template <class T>
void gelu_array(const T* x, T* gate, T* y, std::size_t n);
template <class T>  // d = g * slope, or added
void gelu_slope_array(const T* x, const T* gate, const T* g, T* d, std::size_t n, bool add);
template <class T>  // x sigmoid(x)
void silu_array(const T* x, T* gate, T* y, std::size_t n);
template <class T>
void silu_slope_array(const T* x, const T* gate, const T* g, T* d, std::size_t n, bool add);

// Sums in a fixed order that does not wait for each addition. The largest number is only that where
// none is NaN.
template <class T>
T sum_array(const T* x, std::size_t n);
template <class T>
T dot_array(const T* x, const T* y, std::size_t n);
template <class T>
T max_array(const T* x, std::size_t n);
// y = exp(x - top); their sum.
template <class T>
T exp_shifted(const T* x, T top, T* y, std::size_t n);
// y = softmax(factor x).
template <class T>
void softmax_array(const T* x, T factor, T* y, std::size_t n);
// d = factor y (g - sum(g y)): the gradient of softmax_array by x.
template <class T>
void softmax_slope_array(const T* y, const T* g, T factor, T* d, std::size_t n);

}  // namespace assay::nn
