#include "runner/analyse/sequential.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/quadrature/gauss.hpp>
#include <boost/math/tools/roots.hpp>
#include <cmath>
#include <numeric>
#include <sstream>
#include <stdexcept>

namespace assay::analyse {

namespace {

const boost::math::normal kNormal;
constexpr double kFar = 8.5;        // standard deviations beyond which the normal counts as 0
constexpr double kNothing = 1e-12;  // too little to place a boundary by
using Rule = boost::math::quadrature::gauss<double, 10>;

double above(double z) {
  return boost::math::cdf(boost::math::complement(kNormal, z));
}

// The density of the motion S(t) = Z(t) sqrt(t), by Gauss-Legendre panels over where it goes on.
struct Density {
  std::vector<double> at;
  std::vector<double> mass;  // density times weight
};

// Points and weights over [low, high] in panels no wider than `width`; Rule lists half of its
// nodes, the others lie mirrored.
Density grid(double low, double high, double width) {
  const auto panels = static_cast<int>(std::ceil((high - low) / width));
  const double half = (high - low) / panels / 2;
  Density out;
  for (int panel = 0; panel < panels; ++panel) {
    const double centre = low + (2 * panel + 1) * half;
    for (std::size_t i = 0; i < Rule::abscissa().size(); ++i)
      for (const double sign : {-1.0, 1.0}) {
        out.at.push_back(centre + sign * half * Rule::abscissa()[i]);
        out.mass.push_back(half * Rule::weights()[i]);
      }
  }
  return out;
}

// The state between two looks: where the motion was, and how much of it goes on.
class Motion {
 public:
  explicit Motion(bool two_sided) : two_sided_(two_sided) {}

  // P(S(time) >= edge, or with two sides |S| >= edge, and not stopped before).
  double crossing(double edge, double time) const {
    double sum = 0.0;
    const double deviation = std::sqrt(time - time_);
    for (std::size_t i = 0; i < now_.at.size(); ++i) {
      double beyond = above((edge - now_.at[i]) / deviation);
      if (two_sided_) beyond += above((edge + now_.at[i]) / deviation);
      sum += now_.mass[i] * beyond;
    }
    return sum;
  }

  // On to `time`, with those at or beyond the edge stopped. `next` is how far off the look after it
  // is.
  void advance(double edge, double time, double next) {
    const double reach = kFar * std::sqrt(time);
    const double high = std::min(edge, reach);
    const double step = std::sqrt(time - time_);
    Density then = grid(two_sided_ ? -high : -reach, high, std::min(step, std::sqrt(next)));
    for (std::size_t i = 0; i < then.at.size(); ++i) {
      double density = 0.0;
      for (std::size_t j = 0; j < now_.at.size(); ++j) {
        const double z = (then.at[i] - now_.at[j]) / step;
        if (std::abs(z) < kFar) density += now_.mass[j] * std::exp(-0.5 * z * z);
      }
      then.mass[i] *= density / (step * std::sqrt(2 * 3.14159265358979323846));
    }
    now_ = std::move(then);
    time_ = time;
  }

 private:
  bool two_sided_;
  double time_ = 0.0;
  Density now_{{0.0}, {1.0}};  // all of it starts at 0
};

double boundary_for(const Motion& motion, double time, double spend) {
  if (spend < kNothing) return kInfinity;
  const double scale = std::sqrt(time);
  const auto off = [&](double z) { return motion.crossing(z * scale, time) - spend; };
  // Where earlier looks took nearly all, rounding may leave less than is to be spent.
  if (off(0.0) <= 0) return 0.0;
  std::uintmax_t steps = 200;
  const auto [a, b] = boost::math::tools::toms748_solve(
      off, 0.0, kFar, boost::math::tools::eps_tolerance<double>(40), steps);
  return std::midpoint(a, b);
}

void require_looks(std::span<const std::size_t> sizes) {
  if (sizes.empty() || sizes.front() == 0)
    throw std::runtime_error("sequential test: needs looks, each with at least one seed");
  if (std::adjacent_find(sizes.begin(), sizes.end(), std::greater_equal<>()) != sizes.end())
    throw std::runtime_error("sequential test: each look must have more seeds than the one before");
}

}  // namespace

double alpha_spent(double part, double alpha, Spending spending) {
  if (part <= 0) return 0.0;
  if (part >= 1) return alpha;
  if (spending == Spending::kPocock) return alpha * std::log1p(std::expm1(1.0) * part);
  const double z = boost::math::quantile(boost::math::complement(kNormal, alpha / 2));
  return 2 * above(z / std::sqrt(part));
}

std::vector<Look> sequential_looks(std::span<const std::size_t> sizes, double alpha,
                                   Alternative alternative, Spending spending) {
  require_looks(sizes);
  require_probability(alpha, "alpha");
  const double sides = alternative == Alternative::kTwoSided ? 2.0 : 1.0;
  Motion motion(sides == 2.0);
  std::vector<Look> out;
  double spent = 0.0;  // by boundaries; what was too little to place one by is kept for later
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    Look look;
    look.size = sizes[k];
    look.part = static_cast<double>(sizes[k]) / static_cast<double>(sizes.back());
    const double allowed = sides * alpha_spent(look.part, alpha / sides, spending);
    look.boundary = boundary_for(motion, look.part, allowed - spent);
    if (std::isfinite(look.boundary)) spent = allowed;
    look.spent = spent;
    look.level = std::isfinite(look.boundary) ? std::min(1.0, sides * above(look.boundary)) : 0.0;
    look.confidence = std::max(0.0, 1 - look.level * 2 / sides);
    out.push_back(look);
    if (k + 1 < sizes.size())
      motion.advance(
          look.boundary * std::sqrt(look.part), look.part,
          static_cast<double>(sizes[k + 1] - sizes[k]) / static_cast<double>(sizes.back()));
  }
  return out;
}

bool stops(const Look& look, double p) {
  return p <= look.level;
}

}  // namespace assay::analyse
