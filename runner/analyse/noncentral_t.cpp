#include "runner/analyse/noncentral_t.h"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>

namespace assay::analyse {

namespace {

const boost::math::normal kNormal;
constexpr double kSeriesLimit = 30.0;  // of |t| and |delta|

// Over the panels of u = sqrt(V / freedom) in which its density, and the step of Phi at u = delta /
// t with its width 1 / t, are smooth.
double integral_above(double t, double freedom, double delta) {
  const boost::math::chi_squared chi(freedom);
  const double low = std::sqrt(boost::math::quantile(chi, 1e-14) / freedom);
  const double high =
      std::sqrt(boost::math::quantile(boost::math::complement(chi, 1e-14)) / freedom);
  const auto integrand = [&](double u) {
    return boost::math::cdf(kNormal, delta - t * u) * boost::math::pdf(chi, freedom * u * u) * 2 *
           freedom * u;
  };
  // Beyond 9 standard deviations from its step Phi is 0 or 1.
  const double step = std::abs(t) > 0 ? delta / t : high;
  const double width = std::abs(t) > 0 ? 9 / std::abs(t) : 0.0;
  const double cuts[] = {low, std::clamp(step - width, low, high), std::clamp(step, low, high),
                         std::clamp(step + width, low, high), high};
  constexpr int kPanels = 8;
  double sum = 0.0;
  for (int part = 0; part < 4; ++part) {
    const double size = (cuts[part + 1] - cuts[part]) / kPanels;
    for (int i = 0; size > 0 && i < kPanels; ++i)
      sum += boost::math::quadrature::gauss<double, 20>::integrate(integrand, cuts[part] + i * size,
                                                                   cuts[part] + (i + 1) * size);
  }
  return std::clamp(sum, 0.0, 1.0);
}

}  // namespace

double noncentral_t_above(double t, double freedom, double delta) {
  if (std::abs(t) > kSeriesLimit || std::abs(delta) > kSeriesLimit)
    return integral_above(t, freedom, delta);
  const boost::math::non_central_t distribution(freedom, delta);
  return boost::math::cdf(boost::math::complement(distribution, t));
}

double noncentrality_at(double t, double freedom, double tail) {
  const auto off = [&](double delta) { return noncentral_t_above(t, freedom, delta) - tail; };
  double reach = 4 + std::abs(t);
  double low = t - reach;
  double high = t + reach;
  for (; off(low) > 0 && reach < 1e300; reach *= 2) low = t - 2 * reach;
  for (reach = 4 + std::abs(t); off(high) < 0 && reach < 1e300; reach *= 2) high = t + 2 * reach;
  std::uintmax_t steps = 200;
  const auto [a, b] = boost::math::tools::toms748_solve(
      off, low, high, boost::math::tools::eps_tolerance<double>(44), steps);
  return std::midpoint(a, b);
}

}  // namespace assay::analyse
