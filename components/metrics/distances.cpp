#include "components/metrics/distances.h"

namespace assay {

namespace {

Points checked(const nn::Tensor& rows, std::string_view of, std::string_view metric, int most,
               int least) {
  if (rows.empty())
    throw std::runtime_error(std::string(metric) + ": the " + std::string(of) +
                             " are no rows of numbers");
  const Points out{&rows, std::min(rows.shape()[0], most)};
  if (out.count < least)
    throw std::runtime_error(std::string(metric) + ": " + std::to_string(out.count) + " " +
                             std::string(of) + ", and it takes " + std::to_string(least));
  return out;
}

}  // namespace

Points sampled_points(const Evaluation& e, std::string_view metric, int most, int least) {
  return checked(e.samples->values, "samples", metric, most, least);
}

Points points_like(const Points& samples, const Examples& examples, std::string_view metric,
                   int most, int least) {
  const Points out = checked(examples.features, "examples", metric, most, least);
  if (out.width() == samples.width()) return out;
  throw std::runtime_error(std::string(metric) + ": samples of " + std::to_string(samples.width()) +
                           " numbers, examples of " + std::to_string(out.width()));
}

double squared_distance(const Points& a, int i, const Points& b, int j) {
  const auto width = static_cast<std::size_t>(a.width());
  const float* x = a.rows->floats().data() + static_cast<std::size_t>(i) * width;
  const float* y = b.rows->floats().data() + static_cast<std::size_t>(j) * width;
  double total = 0.0;
  for (std::size_t k = 0; k < width; ++k) {
    const double d = double{x[k]} - double{y[k]};
    total += d * d;
  }
  return total;
}

}  // namespace assay
