// Square images (features: side x side, row by row) turned counterclockwise about their centre:
// each pixel takes the bilinear mean of the four about where it comes from, the nearest pixel of
// the edge where that lies outside. Quarter turns are exact. The picture is one of values as the
// inner data set gives them, so those should be normalised by all pixels together, not each by
// itself.
#include <cmath>

#include "components/datasets/wrapper.h"

namespace assay::datasets {
namespace {

struct Rotation final : Dataset {
  static constexpr Info kInfo{"rotation", 1, "Images turned by an angle.",
                              "Lopez-Paz and Ranzato 2017, arXiv:1706.08840 (rotated MNIST)"};
  static constexpr std::string_view kNeutral = "@dataset";
  static constexpr std::string_view kExample =
      "dataset = { use = \"digits\", normalise = \"global\" }, angle = 30.0";
  Slot<Dataset> dataset;
  double angle = 90.0;
  double spread = 0.0;
  std::vector<Split> splits = {Split::kTrain, Split::kValid, Split::kTest};
  int draw = 0;

  static void params(Params<Rotation>& p) {
    p.add("dataset", &Rotation::dataset).required().doc("Whose images; normalise = \"global\".");
    p.add("angle", &Rotation::angle)
        .range(-360, 360)
        .unit("degrees")
        .doc("Counterclockwise as one looks at it.");
    p.add("spread", &Rotation::spread)
        .range(0, 180)
        .unit("degrees")
        .doc("Each image's angle is uniform within this of the angle.");
    p.add("splits", &Rotation::splits, std::span(kSplitNames)).doc("Which are turned.");
    p.add("draw", &Rotation::draw).at_least(0).doc("Which of the seeded draws of the angles.");
  }
  std::string check() const override { return check_splits(splits); }

  struct Turn {
    double cosine, sine;
  };
  static Turn turn_by(double degrees) {
    const double quarters = degrees / 90.0;
    if (quarters == std::floor(quarters)) {
      static constexpr double kCosine[] = {1, 0, -1, 0};
      const int q = ((static_cast<int>(quarters) % 4) + 4) % 4;
      return {kCosine[q], kCosine[(q + 3) % 4]};
    }
    const double radians = degrees * 3.14159265358979323846 / 180.0;
    return {std::cos(radians), std::sin(radians)};
  }

  static double bilinear(const double* image, int side, double row, double column) {
    const double last = side - 1;
    row = std::clamp(row, 0.0, last);
    column = std::clamp(column, 0.0, last);
    const int r = std::min(static_cast<int>(row), std::max(side - 2, 0)),
              c = std::min(static_cast<int>(column), std::max(side - 2, 0));
    const int below = std::min(r + 1, side - 1), right = std::min(c + 1, side - 1);
    const double v = row - r, u = column - c;
    return (1 - v) * ((1 - u) * image[r * side + c] + u * image[r * side + right]) +
           v * ((1 - u) * image[below * side + c] + u * image[below * side + right]);
  }

  // Rows count downwards, so the way back from (x, y) about the centre, y upwards, is clockwise.
  static void turn_image(const double* from, int side, Turn turn, nn::Tensor& to, std::int64_t at) {
    const double centre = (side - 1) / 2.0;
    for (int r = 0; r < side; ++r)
      for (int c = 0; c < side; ++c) {
        const double x = c - centre, y = centre - r;
        const double x0 = turn.cosine * x + turn.sine * y, y0 = turn.cosine * y - turn.sine * x;
        to.set(at++, bilinear(from, side, centre - y0, centre + x0));
      }
  }

  std::shared_ptr<const Data> make() const override {
    auto out = begin_wrapper(dataset, kInfo.name);
    require_features(*out, kInfo.name);
    const int width = out->format.width, side = static_cast<int>(std::lround(std::sqrt(width)));
    if (side * side != width)
      throw std::runtime_error("rotation needs square images; the data have " +
                               std::to_string(width) + " features");
    drop_feature_truth(*out);
    const Stream stream(0, static_cast<std::uint64_t>(draw), "rotation", "draw");
    std::vector<double> image(static_cast<std::size_t>(width));
    for (const Split split : splits) {
      Stream angles = stream.fork(kSplitNames[static_cast<std::size_t>(split)]);
      nn::Tensor& features = split_of(*out, split).features;
      for (std::int64_t at = 0; at < features.count(); at += width) {
        for (int j = 0; j < width; ++j) image[static_cast<std::size_t>(j)] = features.get(at + j);
        const double own = spread > 0 ? angle + angles.uniform(-spread, spread) : angle;
        turn_image(image.data(), side, turn_by(own), features, at);
      }
    }
    return out;
  }
};
ASSAY_REGISTER(Dataset, Rotation);

}  // namespace
}  // namespace assay::datasets
