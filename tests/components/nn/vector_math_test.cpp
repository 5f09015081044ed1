// The errors of the fast functions against long double, over every binary exponent, in units of the
// last place; docs/numerics.md states these bounds.
#include "components/nn/vector_math.h"

#include <cmath>
#include <limits>

using namespace assay::nn;

namespace {

template <class T>
double ulp(T x) {
  const T magnitude = std::max(std::abs(x), std::numeric_limits<T>::min());
  return static_cast<double>(std::nextafter(magnitude, std::numeric_limits<T>::infinity()) -
                             magnitude);
}

// Numbers of both signs from 2^-30 to `most`, 401 in each octave.
template <class T>
std::vector<T> arguments(double most) {
  std::vector<T> out = {T(0)};
  for (double x = std::ldexp(1.0, -30); x <= most; x *= 1.00173)
    for (const double sign : {-1.0, 1.0}) out.push_back(static_cast<T>(sign * x));
  return out;
}

template <class T>
using Array = void (*)(const T*, T*, std::size_t);

// Largest error in ulp of the exact value, or absolute over max(1, |x|).
template <class T, class Exact>
double worst(Array<T> f, double most, const Exact& exact, bool absolute = false) {
  const std::vector<T> x = arguments<T>(most);
  std::vector<T> y(x.size());
  f(x.data(), y.data(), x.size());
  double out = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const long double wanted = exact(static_cast<long double>(x[i]));
    if (std::isnan(wanted)) continue;
    const auto error = static_cast<double>(std::abs(wanted - static_cast<long double>(y[i])));
    const double unit =
        absolute ? std::max(1.0, std::abs(static_cast<double>(x[i]))) : ulp(static_cast<T>(wanted));
    out = std::max(out, error / unit);
  }
  return out;
}

template <class T>
void gelu_of(const T* x, T* y, std::size_t n) {
  std::vector<T> gate(n);
  gelu_array(x, gate.data(), y, n);
}
template <class T>
void silu_of(const T* x, T* y, std::size_t n) {
  std::vector<T> gate(n);
  silu_array(x, gate.data(), y, n);
}

long double gelu(long double x) {
  const long double u = std::sqrt(2.0L / 3.14159265358979323846L) * (x + 0.044715L * x * x * x);
  return 0.5L * x * (1.0L + std::tanh(u));
}
long double sigmoid(long double x) {
  return 1.0L / (1.0L + std::exp(-x));
}

}  // namespace

TEST_CASE("errors of the fast functions are within their bounds") {
  const auto exp = [](long double x) { return std::exp(x); };
  const auto log = [](long double x) { return std::log(x); };  // NaN below 0: not compared
  const auto tanh = [](long double x) { return std::tanh(x); };
  const auto silu = [](long double x) { return x * sigmoid(x); };
  CHECK(worst<float>(exp_array<float>, 87.0, exp) < 2.0);
  CHECK(worst<float>(log_array<float>, 1e6, log) < 2.0);
  CHECK(worst<float>(sigmoid_array<float>, 80.0, sigmoid) < 4.0);
  CHECK(worst<float>(tanh_array<float>, 80.0, tanh) < 6.0);
  CHECK(worst<float>(gelu_of<float>, 80.0, gelu, true) < 1e-6);
  CHECK(worst<float>(silu_of<float>, 80.0, silu, true) < 1e-6);
  CHECK(worst<double>(exp_array<double>, 700.0, exp) < 4.0);
  CHECK(worst<double>(log_array<double>, 1e6, log) < 4.0);
  CHECK(worst<double>(sigmoid_array<double>, 700.0, sigmoid) < 4.0);
  CHECK(worst<double>(tanh_array<double>, 700.0, tanh) < 4.0);
  CHECK(worst<double>(gelu_of<double>, 80.0, gelu, true) < 1e-14);
  CHECK(worst<double>(silu_of<double>, 80.0, silu, true) < 1e-14);
}

TEST_CASE("a number's result does not depend on where it stands") {
  for (const Array<float> f : {exp_array<float>, log_array<float>, tanh_array<float>,
                               sigmoid_array<float>, gelu_of<float>, silu_of<float>}) {
    std::vector<float> x(67), y(67);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.1F * static_cast<float>(i + 1);
    f(x.data(), y.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      float alone = 0.0F;
      f(x.data() + i, &alone, 1);
      CHECK(alone == y[i]);
    }
  }
}

TEST_CASE("NaN stays NaN, and what is too large is infinite") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (const Array<float> f : {exp_array<float>, log_array<float>, tanh_array<float>,
                               sigmoid_array<float>, gelu_of<float>, silu_of<float>}) {
    float y = 0.0F;
    f(&nan, &y, 1);
    CHECK(std::isnan(y));
  }
  const float large[] = {100.0F, std::numeric_limits<float>::infinity(), -200.0F};
  float y[3];
  exp_array(large, y, 3);
  CHECK(std::isinf(y[0]));
  CHECK(std::isinf(y[1]));
  CHECK(y[2] < 1e-38F);
  sigmoid_array(large, y, 3);
  CHECK(y[0] == 1.0F);
  CHECK(y[2] == doctest::Approx(0.0));
  const float row[] = {1.0F, nan, 2.0F};
  softmax_array(row, 1.0F, y, 3);
  CHECK(std::isnan(y[0]));
}
