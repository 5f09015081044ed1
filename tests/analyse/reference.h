#pragma once

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

// Values of R, SciPy and printed examples, kept in reference.json by scripts/reference-statistics.
namespace assay::testing {

const std::vector<double>& reference(const std::string& name, const std::string& key);

// Of a single number.
inline double reference_value(const std::string& name, const std::string& key) {
  return reference(name, key).at(0);
}

// R and SciPy give about 12 digits; noncentral t and ranges fewer.
inline doctest::Approx near(double value, double relative = 1e-10) {
  return doctest::Approx(value).epsilon(relative).scale(0);
}

template <class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

}  // namespace assay::testing
