// Normal numbers around known means, the same deviation in every direction:
//   p(x) = sum over k of w_k N(x; m_k, s² I),  w_k proportional to decay^k.
// The means lie on a ring or a square grid in the first two dimensions (0 in the others), as in the
// tests of generative models by Metz et al. 2017 and Srivastava et al. 2017, or anywhere. Labels
// are components.
#include "components/datasets/gaussian_mixture.h"

#include <cmath>
#include <numbers>

namespace assay {

double GaussianMixture::log_density(const nn::Tensor& points, int row) const {
  std::vector<double> terms;
  for (int k = 0; k < components(); ++k) {
    const double s = deviations.get(k);
    double square = 0.0;
    for (int j = 0; j < width(); ++j) {
      const double d = points.at(row, j) - means.at(k, j);
      square += d * d;
    }
    terms.push_back(std::log(weights.get(k)) - square / (2.0 * s * s) -
                    width() * (std::log(s) + 0.5 * std::log(2.0 * std::numbers::pi)));
  }
  const double top = *std::max_element(terms.begin(), terms.end());
  double total = 0.0;
  for (const double term : terms) total += std::exp(term - top);
  return top + std::log(total);
}

GaussianMixture mixture_of(const Data& data, std::string_view user) {
  const auto means = data.truth.find("means"), deviations = data.truth.find("deviations"),
             weights = data.truth.find("weights");
  for (const auto& found : {means, deviations, weights})
    if (found == data.truth.end())
      throw std::runtime_error(std::string(user) +
                               " needs data with known components, as of gaussian-mixture");
  return {means->second, deviations->second, weights->second};
}

namespace datasets {
namespace {

struct Mixture final : Dataset {
  enum class Layout { kRing, kGrid, kRandom };
  static constexpr Info kInfo{"gaussian-mixture", 1, "Normal numbers around known means.",
                              "Metz et al. 2017, arXiv:1611.02163, section 3.1 (ring of 8); "
                              "Srivastava et al. 2017, arXiv:1705.07761, section 4.1 (grid of 25)"};
  Layout layout = Layout::kRing;
  int components = 8;
  int dimensions = 2;
  double spread = 1.5;
  double deviation = 0.1;
  double decay = 1.0;
  int examples = 5000;
  int draw = 0;

  static void params(Params<Mixture>& p) {
    p.add("layout", &Mixture::layout, {"ring", "grid", "random"}).doc("Where the means lie.");
    p.add("components", &Mixture::components)
        .range(1, 65536)
        .unit("components")
        .doc("Means; a square number for a grid.");
    p.add("dimensions", &Mixture::dimensions).range(1, 4096).doc("Numbers of an example.");
    p.add("spread", &Mixture::spread)
        .range(0, 1000)
        .doc("Radius of the ring, half the side of the grid, deviation of random means.");
    p.add("deviation", &Mixture::deviation).above(0).at_most(1000).doc("Of each component, s.");
    p.add("decay", &Mixture::decay)
        .above(0)
        .at_most(1)
        .doc("Weight of a component over that of the one before it.");
    p.add("examples", &Mixture::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test.");
    p.add("draw", &Mixture::draw).at_least(0).doc("Which of the seeded draws.");
  }
  int side() const { return static_cast<int>(std::lround(std::sqrt(components))); }
  std::string check() const override {
    if (layout != Layout::kRandom && dimensions < 2)
      return "dimensions = 1 has no place for a ring or a grid; allowed: 2 or more";
    if (layout == Layout::kGrid && side() * side() != components)
      return "components = " + std::to_string(components) + " make no square grid";
    return {};
  }

  nn::Tensor make_means(const Stream& stream) const {
    if (layout == Layout::kRandom)
      return nn::Tensor::normal({components, dimensions}, spread, stream.fork("means"));
    nn::Tensor out({components, dimensions});
    for (int k = 0; k < components; ++k) {
      const double angle = 2.0 * std::numbers::pi * k / components;
      const double step = side() > 1 ? 2.0 * spread / (side() - 1) : 0.0;
      const double first = side() > 1 ? -spread : 0.0;
      const bool ring = layout == Layout::kRing;
      const std::int64_t at = std::int64_t{k} * dimensions;
      out.set(at, ring ? spread * std::cos(angle) : first + step * (k % side()));
      out.set(at + 1, ring ? spread * std::sin(angle) : first + step * (k / side()));
    }
    return out;
  }

  Examples make_split(const GaussianMixture& truth, int count, Stream stream) const {
    Examples out;
    out.count = count;
    out.features = nn::Tensor({count, dimensions});
    for (int i = 0; i < count; ++i) {
      double left = stream.uniform();
      int k = 0;
      while (k + 1 < components && (left -= truth.weights.get(k)) >= 0.0) ++k;
      out.labels.push_back(k);
      for (int j = 0; j < dimensions; ++j)
        out.features.set(std::int64_t{i} * dimensions + j,
                         truth.means.at(k, j) + deviation * stream.normal());
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "gaussian-mixture", "draw");
    GaussianMixture truth{make_means(stream), nn::Tensor::full({components}, deviation),
                          nn::Tensor({components}, nn::Dtype::kFloat64)};
    double total = 0.0;
    for (int k = 0; k < components; ++k) total += std::pow(decay, k);
    for (int k = 0; k < components; ++k) truth.weights.set(k, std::pow(decay, k) / total);
    auto out = std::make_shared<Data>();
    out->name = "gaussian-mixture";
    out->format = {false, dimensions, 0, 1, components};
    const int tenth = examples / 10;
    out->train = make_split(truth, examples - 2 * tenth, stream.fork("train"));
    out->valid = make_split(truth, tenth, stream.fork("valid"));
    out->test = make_split(truth, tenth, stream.fork("test"));
    out->truth["means"] = truth.means;
    out->truth["deviations"] = truth.deviations;
    out->truth["weights"] = truth.weights;
    return out;
  }
};
ASSAY_REGISTER(Dataset, Mixture);

}  // namespace
}  // namespace datasets
}  // namespace assay
