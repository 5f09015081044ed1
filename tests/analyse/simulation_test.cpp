// Under the null hypothesis a test at 0.05 rejects at most 5% of data sets, and an interval of 95%
// holds the truth in at least 95%: within the error of so many simulations, by the exact binomial.
#include <boost/math/distributions/binomial.hpp>
#include <cmath>
#include <functional>

#include "runner/analyse/equivalence.h"
#include "runner/analyse/intervals.h"
#include "runner/analyse/paired.h"
#include "runner/analyse/ranking.h"
#include "runner/analyse/sequential.h"
#include "runner/analyse/welch.h"
#include "tests/analyse/reference.h"

using namespace assay;
using namespace assay::analyse;

namespace {

constexpr int kDataSets = 2000;

double normal(Stream& stream) {
  return stream.normal();
}

// Symmetric, and far from normal: Student's t with 2 degrees of freedom, of infinite variance, and
// two peaks.
double heavy(Stream& stream) {
  return stream.normal() / std::sqrt(-std::log1p(-stream.uniform()));
}

double two_peaks(Stream& stream) {
  return 0.2 * stream.normal() + (stream.uniform() < 0.5 ? 1 : -1);
}

using Noise = double (*)(Stream&);

std::vector<double> drawn(Noise noise, std::size_t count, Stream& stream) {
  std::vector<double> out(count);
  for (double& value : out) value = noise(stream);
  return out;
}

int count_of(const char* what, const std::function<bool(Stream&)>& event) {
  Stream stream = Stream(20).fork(what);
  int count = 0;
  for (int i = 0; i < kDataSets; ++i) count += event(stream) ? 1 : 0;
  return count;
}

// A count so high (close: or so low) must have a probability above 1e-4, if each data set has the
// chance.
void check(const char* what, double chance, bool close, const std::function<bool(Stream&)>& event) {
  const int count = count_of(what, event);
  INFO(what << ": " << count << " of " << kDataSets);
  const boost::math::binomial distribution(kDataSets, chance);
  if (count > 0) CHECK(boost::math::cdf(boost::math::complement(distribution, count - 1)) > 1e-4);
  if (close) CHECK(boost::math::cdf(distribution, count) > 1e-4);
}

void check_at_most(const char* what, double chance, const std::function<bool(Stream&)>& event) {
  check(what, chance, false, event);
}

void check_close(const char* what, double chance, const std::function<bool(Stream&)>& event) {
  check(what, chance, true, event);
}

}  // namespace

TEST_CASE("t tests keep their level under normal noise, and t intervals their coverage") {
  for (const Alternative side : {Alternative::kTwoSided, Alternative::kGreater})
    for (const std::size_t n : {3, 5, 12})
      check_close("paired t", 0.05, [=](Stream& stream) {
        return paired_t(drawn(normal, n, stream), side).p <= 0.05;
      });
  check_close("t interval", 0.05, [](Stream& stream) {
    const Interval interval = t_interval(drawn(normal, 6, stream));
    return interval.low > 0 || interval.high < 0;
  });
  check_at_most("Welch", 0.055,
                [](Stream& stream) {  // Satterthwaite's approximation is off by a little
                  std::vector<double> wide = drawn(normal, 12, stream);
                  for (double& value : wide) value *= 3;
                  return welch(drawn(normal, 6, stream), wide, Alternative::kTwoSided).p <= 0.05;
                });
  check_close("non-inferiority at the margin", 0.05, [](Stream& stream) {
    std::vector<double> d = drawn(normal, 8, stream);
    for (double& value : d) value -= 0.7;
    return not_inferior(d, 0.7).outcome.p <= 0.05;
  });
  check_at_most("equivalence at the margin", 0.05, [](Stream& stream) {
    std::vector<double> d = drawn(normal, 8, stream);
    for (double& value : d) value += 0.7;
    return equivalent(d, 0.7).outcome.p <= 0.05;
  });
}

TEST_CASE("exact tests keep their level under any symmetric noise") {
  for (const Noise noise : {normal, heavy, two_peaks})
    for (const std::size_t n : {5, 8, 13}) {
      check_at_most("sign flips", 0.05, [=](Stream& stream) {
        return sign_flip(drawn(noise, n, stream), Alternative::kTwoSided, stream).p <= 0.05;
      });
      check_at_most("Wilcoxon", 0.05, [=](Stream& stream) {
        return wilcoxon(drawn(noise, n, stream), Alternative::kGreater).p <= 0.05;
      });
      check_at_most("Wilcoxon with ties and zeros", 0.05, [=](Stream& stream) {
        std::vector<double> d = drawn(noise, n, stream);
        for (double& value : d) value = std::round(2 * value) / 2;
        return wilcoxon(d, Alternative::kTwoSided).p <= 0.05;
      });
    }
  // Where 0.05 is a multiple of 2^-n or near to one, they use all of it.
  check_close("sign flips, n = 13", 204.0 * 2 / 8192, [](Stream& stream) {
    return sign_flip(drawn(heavy, 13, stream), Alternative::kTwoSided, stream).p <= 0.05;
  });
  check_at_most("sign-flip interval", 0.05, [](Stream& stream) {
    const Interval interval = sign_flip_interval(drawn(heavy, 9, stream), 0.95, stream);
    return interval.low > 0 || interval.high < 0;
  });
}

TEST_CASE("adding seeds until decided keeps the level: looks at 5, 8, 12, 18, 30") {
  const std::vector<std::size_t> sizes = {5, 8, 12, 18, 30};
  using Test = std::function<double(std::span<const double>, Stream&)>;
  const auto stopped = [&](const std::vector<Look>& looks, Noise noise, const Test& test) {
    return [&looks, noise, &test](Stream& stream) {
      const std::vector<double> d = drawn(noise, 30, stream);
      return std::any_of(looks.begin(), looks.end(), [&](const Look& look) {
        return stops(look, test(std::span(d).first(look.size), stream));
      });
    };
  };
  const Test flips = [](std::span<const double> d, Stream& stream) {
    return sign_flip(d, Alternative::kTwoSided, stream).p;
  };
  const Test ranks = [](std::span<const double> d, Stream&) {
    return wilcoxon(d, Alternative::kTwoSided).p;
  };
  const Test t = [](std::span<const double> d, Stream&) {
    return paired_t(d, Alternative::kTwoSided).p;
  };
  for (const Spending spending : {Spending::kPocock, Spending::kObrienFleming}) {
    const auto looks = sequential_looks(sizes, 0.05, Alternative::kTwoSided, spending);
    check_close("sequential t", 0.05, stopped(looks, normal, t));
    for (const Noise noise : {normal, heavy, two_peaks})
      check_at_most("sequential Wilcoxon", 0.05, stopped(looks, noise, ranks));
    const Noise noise = spending == Spending::kPocock ? heavy : two_peaks;
    check_at_most("sequential sign flips", 0.05, stopped(looks, noise, flips));
  }
  // And without the levels it would not: this is what they are for.
  std::vector<Look> naive(5);
  for (std::size_t k = 0; k < 5; ++k) naive[k].size = sizes[k], naive[k].level = 0.05;
  CHECK(count_of("naive", stopped(naive, normal, t)) > 0.1 * kDataSets);
}

TEST_CASE("repeated intervals hold the truth at all looks together") {
  const std::vector<std::size_t> sizes = {5, 8, 12, 18, 30};
  const auto looks = sequential_looks(sizes, 0.05, Alternative::kTwoSided, Spending::kPocock);
  check_close("repeated intervals", 0.05, [&](Stream& stream) {
    const std::vector<double> d = drawn(normal, 30, stream);
    return std::any_of(looks.begin(), looks.end(), [&](const Look& look) {
      const Interval interval = t_interval(std::span(d).first(look.size), look.confidence);
      return interval.low > 0 || interval.high < 0;
    });
  });
}

TEST_CASE("Iman and Davenport's F keeps its level") {
  check_at_most("F", 0.055, [](Stream& stream) {  // an approximation, off by a little
    return friedman(drawn(heavy, 6 * 12, stream), 6).f.p <= 0.05;
  });
}
