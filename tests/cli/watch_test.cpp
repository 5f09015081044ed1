#include "runner/cli/watch.h"

#include <cmath>
#include <limits>

namespace assay::cli {

TEST_CASE("a sparkline goes from the least to the largest of the last values") {
  const std::vector<double> values = {0, 1, 2, 3, 4, 5, 6, 7};
  CHECK(sparkline(values, 40) == "▁▂▃▄▅▆▇█");
  CHECK(sparkline(values, 2) == "▁█");
  CHECK(sparkline(std::vector<double>{2, 2, 2}, 40) == "▅▅▅");
  CHECK(sparkline(std::vector<double>{}, 40).empty());
}

TEST_CASE("a sparkline passes over what is no number, and bears the largest numbers") {
  const double largest = std::numeric_limits<double>::max();
  CHECK(sparkline(std::vector<double>{NAN, -largest, INFINITY, largest}, 40) == "▁█");
}

}  // namespace assay::cli
