#include <boost/random/sobol.hpp>

#include "runner/design/reader.h"
#include "runner/registry/random.h"

namespace assay::design {

std::vector<std::vector<double>> unit_samples(SampleMethod method, std::size_t count,
                                              std::size_t dimensions, std::uint64_t seed) {
  std::vector<std::vector<double>> out(count, std::vector<double>(dimensions));
  const Stream stream(seed, 0, "sweep", "sample");
  if (method == SampleMethod::kSobol) {
    // The sequence itself has no randomness; its first point, the corner 0, is left out by Boost.
    boost::random::sobol engine(dimensions);
    for (auto& point : out)
      for (double& x : point) x = static_cast<double>(engine()) * 0x1p-64;
    return out;
  }
  for (std::size_t d = 0; d < dimensions; ++d) {
    Stream own = stream.fork("dimension", d);
    const std::vector<int> strata = own.permutation(static_cast<int>(count));
    for (std::size_t i = 0; i < count; ++i) {
      const double u = own.uniform();
      out[i][d] =
          method == SampleMethod::kRandom ? u : (strata[i] + u) / static_cast<double>(count);
    }
  }
  return out;
}

}  // namespace assay::design
