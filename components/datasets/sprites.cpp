// Images of grey shapes on black, with the factors of each and the pixels that it shows known, as
// in dSprites (Matthey et al. 2017) and Multi-dSprites (Kabra et al. 2019), which are larger and
// partly in colour. A shape lies within a circle of radius r about its centre: a square, an ellipse
// of semi-axes r and 0.6 r, an equilateral triangle. It turns through its own period (90, 180, 120
// degrees), so that no two orientations look alike. A pixel takes a shape's grey by the share of
// its 4 x 4 points that lie inside, over what is behind; it belongs to the last shape that covers
// half of it.
//
// With one object, examples are distinct points of the factor grid in a random order; with several,
// all factors are drawn alone and uniformly. Truth of the test split: "factors", for each object
// shape, size, orientation, grey, x, y as indices from 0, -1 for an object that is not there;
// "masks", n x pixels: 0 background, i object i, painted in this order.
#include <cmath>
#include <numbers>

#include "components/datasets/dataset.h"
#include "runner/registry/registry.h"

namespace assay::datasets {
namespace {

constexpr int kFactors = 6;
constexpr int kPoints = 4;
enum class Shape { kSquare, kEllipse, kTriangle };
using Factors = std::array<int, kFactors>;  // shape, size, orientation, grey, x, y

struct Outline {
  Shape shape;
  double radius, angle, x, y;

  bool contains(double px, double py) const {
    const double c = std::cos(angle), s = std::sin(angle);
    const double u = (c * (px - x) + s * (py - y)) / radius;
    const double v = (c * (py - y) - s * (px - x)) / radius;
    if (shape == Shape::kSquare) return std::max(std::abs(u), std::abs(v)) <= std::sqrt(0.5);
    if (shape == Shape::kEllipse) return u * u + v * v / 0.36 <= 1.0;
    return -v <= 0.5 && v * 0.5 + std::abs(u) * std::sqrt(0.75) <= 0.5;
  }
  double coverage(int column, int row) const {
    int inside = 0;
    for (int i = 0; i < kPoints * kPoints; ++i)
      inside += contains(column + (i % kPoints + 0.5) / kPoints,
                         row + (static_cast<double>(i / kPoints) + 0.5) / kPoints)
                    ? 1
                    : 0;
    return inside / static_cast<double>(kPoints * kPoints);
  }
};

struct Image {
  std::vector<double> grey;
  std::vector<int> mask;
};

struct Sprites final : Dataset {
  static constexpr Info kInfo{"sprites", 1, "Images of grey shapes with known factors and masks.",
                              "after dSprites (Matthey et al. 2017) and Multi-Object Datasets "
                              "(Kabra et al. 2019)"};
  static constexpr std::string_view kExample = "side = 8, examples = 60";
  enum class Occlusion { kFront, kNone };
  int side = 16;
  int objects_min = 1;
  int objects_max = 1;
  std::vector<Shape> shapes = {Shape::kSquare, Shape::kEllipse, Shape::kTriangle};
  int sizes = 3;
  int orientations = 4;
  int greys = 3;
  int places = 8;
  Occlusion occlusion = Occlusion::kFront;
  double noise = 0.0;
  int examples = 4096;
  int draw = 0;

  static void params(Params<Sprites>& p) {
    p.add("side", &Sprites::side).range(6, 128).unit("pixels").doc("Of the square image.");
    p.add("objects_min", &Sprites::objects_min).range(1, 16).unit("objects").doc("In an image.");
    p.add("objects_max", &Sprites::objects_max).range(1, 16).unit("objects").doc("In an image.");
    p.add("shapes", &Sprites::shapes, {"square", "ellipse", "triangle"})
        .min_count(1)
        .doc("To choose from.");
    p.add("sizes", &Sprites::sizes)
        .range(1, 64)
        .doc("Radii, from 0.14 to 0.24 of the side; one: 0.19.");
    p.add("orientations", &Sprites::orientations).range(1, 64).doc("Angles within a period.");
    p.add("greys", &Sprites::greys).range(1, 64).doc("Levels from 0.4 to 1; one: 1.");
    p.add("places", &Sprites::places).range(1, 64).doc("Values of x, and of y.");
    p.add("occlusion", &Sprites::occlusion, {"front", "none"})
        .doc("Later objects cover earlier ones, or no two share a pixel.");
    p.add("noise", &Sprites::noise)
        .neutral(0.0)
        .range(0, 10)
        .doc("Standard deviation, added to each pixel.");
    p.add("examples", &Sprites::examples)
        .range(10, 1e7)
        .unit("examples")
        .doc("80% train, 10% valid, 10% test; of one object at most the grid.");
    p.add("draw", &Sprites::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    if (objects_min > objects_max)
      return "objects_min = " + std::to_string(objects_min) +
             " is more than objects_max = " + std::to_string(objects_max);
    for (std::size_t i = 0; i < shapes.size(); ++i)
      if (std::find(shapes.begin(), shapes.begin() + static_cast<std::ptrdiff_t>(i), shapes[i]) !=
          shapes.begin() + static_cast<std::ptrdiff_t>(i))
        return "shapes holds one twice";
    if (grid() < 10)
      return "shapes, sizes, orientations, greys and places make fewer than 10 images";
    return {};
  }

  Factors counts() const {
    return {static_cast<int>(shapes.size()), sizes, orientations, greys, places, places};
  }
  double grid() const {
    double out = 1.0;
    for (const int count : counts()) out *= count;
    return out;
  }
  // Value i of `count`, evenly from low to high; the middle where there is one alone.
  static double level(int i, int count, double low, double high) {
    return count == 1 ? (low + high) / 2 : low + (high - low) * i / (count - 1);
  }
  double grey(const Factors& f) const { return greys == 1 ? 1.0 : level(f[3], greys, 0.4, 1.0); }

  Outline outline(const Factors& f) const {
    static constexpr double kPeriods[] = {0.5, 1.0, 2.0 / 3.0};  // of pi
    const Shape shape = shapes[static_cast<std::size_t>(f[0])];
    const double turn = kPeriods[static_cast<int>(shape)] * std::numbers::pi;
    const double edge = side * (sizes == 1 ? 0.19 : 0.24);
    return {shape, side * level(f[1], sizes, 0.14, 0.24), turn * f[2] / orientations,
            level(f[4], places, edge, side - edge), level(f[5], places, edge, side - edge)};
  }

  // Paints the object; false, and the image is spoilt, where it shares a pixel with another and may
  // not.
  bool paint(const Factors& f, int number, std::vector<bool>& taken, Image& image) const {
    const Outline shape = outline(f);
    const auto from = [&](double at) { return std::max(0, static_cast<int>(at - shape.radius)); };
    const auto to = [&](double at) {
      return std::min(side - 1, static_cast<int>(at + shape.radius));
    };
    for (int row = from(shape.y); row <= to(shape.y); ++row) {
      for (int column = from(shape.x); column <= to(shape.x); ++column) {
        const auto at = static_cast<std::size_t>(row * side + column);
        const double share = shape.coverage(column, row);
        if (share == 0.0) continue;
        if (taken[at] && occlusion == Occlusion::kNone) return false;
        taken[at] = true;
        image.grey[at] += share * (grey(f) - image.grey[at]);
        if (share >= 0.5) image.mask[at] = number;
      }
    }
    return true;
  }
  bool render(const std::vector<Factors>& scene, Image& image) const {
    const auto pixels = static_cast<std::size_t>(side) * static_cast<std::size_t>(side);
    image.grey.assign(pixels, 0.0);
    image.mask.assign(pixels, 0);
    std::vector<bool> taken(pixels);
    for (std::size_t i = 0; i < scene.size(); ++i)
      if (!paint(scene[i], static_cast<int>(i) + 1, taken, image)) return false;
    return true;
  }

  Factors grid_point(int index) const {
    Factors out{};
    const Factors of = counts();
    for (std::size_t i = 0; i < kFactors; ++i) {
      out[i] = index % of[i];
      index /= of[i];
    }
    return out;
  }
  // A scene of several objects that may stand as they do.
  std::vector<Factors> several(Stream stream, Image& image) const {
    static constexpr int kTries = 10000;
    const auto range = static_cast<std::uint64_t>(objects_max - objects_min + 1);
    std::vector<Factors> scene(static_cast<std::size_t>(objects_min) + stream.below(range));
    for (int tries = 0; tries < kTries; ++tries) {
      for (Factors& f : scene)
        for (std::size_t i = 0; i < kFactors; ++i)
          f[i] = static_cast<int>(stream.below(static_cast<std::uint64_t>(counts()[i])));
      if (render(scene, image)) return scene;
    }
    throw std::runtime_error("sprites: " + std::to_string(scene.size()) +
                             " objects found no room without overlap in " + std::to_string(kTries) +
                             " tries");
  }

  // `points`: of the grid, of one object; else their number counts alone.
  Examples make_split(std::span<const int> points, const Stream& stream, Data* truth) const {
    const int pixels = side * side, width = kFactors * objects_max;
    Examples out;
    out.count = static_cast<int>(points.size());
    out.features = nn::Tensor({out.count, pixels});
    nn::Tensor factors = nn::Tensor::full({out.count, width}, -1.0), masks({out.count, pixels});
    Image image;
    for (int n = 0; n < out.count; ++n) {
      const auto at = static_cast<std::uint64_t>(n);
      std::vector<Factors> scene;
      if (objects_max == 1) {
        scene = {grid_point(points[static_cast<std::size_t>(n)])};
        render(scene, image);
      } else {
        scene = several(stream.fork("scene", at), image);
      }
      Stream grain = stream.fork("noise", at);
      for (int i = 0; i < pixels; ++i) {
        const auto pixel = static_cast<std::size_t>(i);
        out.features.set(std::int64_t{n} * pixels + i, image.grey[pixel] + noise * grain.normal());
        masks.set(std::int64_t{n} * pixels + i, image.mask[pixel]);
      }
      for (std::size_t i = 0; i < scene.size() * kFactors; ++i)
        factors.set(std::int64_t{n} * width + static_cast<std::int64_t>(i),
                    scene[i / kFactors][i % kFactors]);
    }
    if (truth) truth->truth = {{"factors", factors}, {"masks", masks}};
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "sprites", "draw");
    std::vector<int> points(static_cast<std::size_t>(examples));
    if (objects_max == 1) {
      if (grid() > 1e7) throw std::runtime_error("sprites: a grid of more than 10 million images");
      points = stream.fork("order").permutation(static_cast<int>(grid()));
      points.resize(std::min(points.size(), static_cast<std::size_t>(examples)));
    }
    auto out = std::make_shared<Data>();
    out->name = "sprites";
    out->format = {false, side * side, 0, 1, 0};
    const std::span<const int> all(points);
    const std::size_t tenth = all.size() / 10, most = all.size() - 2 * tenth;
    out->train = make_split(all.first(most), stream.fork("train"), nullptr);
    out->valid = make_split(all.subspan(most, tenth), stream.fork("valid"), nullptr);
    out->test = make_split(all.last(tenth), stream.fork("test"), out.get());
    return out;
  }
};
ASSAY_REGISTER(Dataset, Sprites);

}  // namespace
}  // namespace assay::datasets
