#pragma once

#include <span>
#include <vector>

// Adjusted p values of several claims, in the order given, at most 1: reject those at most alpha.
// None given, none back; p outside [0, 1] or NaN is refused. Equal p get equal adjusted ones.
namespace assay::analyse {

// Holm's step-down (Holm 1979): with p sorted ascending, max over j <= i of (m - j + 1) p_(j).
// Controls the chance of even one false rejection, whatever the dependence between the claims.
// Choose it for the claims of a study.
std::vector<double> holm(std::span<const double> p);

// Benjamini and Hochberg's step-up (1995): min over j >= i of m p_(j) / j. Controls the expected
// share of false ones among the rejections, for independent or positively dependent p.
// Choose it to sift many variants, where a few false finds cost little.
std::vector<double> benjamini_hochberg(std::span<const double> p);

}  // namespace assay::analyse
