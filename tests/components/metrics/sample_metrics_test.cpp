// Metrics of samples of numbers, by hand.
#include <cmath>

#include "tests/contracts/metric_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

nn::Tensor rows(int width, const std::vector<double>& values) {
  return nn::Tensor::of({static_cast<int>(values.size()) / width, width}, values);
}

struct Drawn {
  Data data;
  Samples samples;
  Drawn(const std::vector<double>& sampled, const std::vector<double>& given, int width = 1) {
    samples.values = rows(width, sampled);
    samples.count = samples.values.shape()[0];
    samples.width = width;
    data.test.features = rows(width, given);
    data.test.count = data.test.features.shape()[0];
    data.train = data.test;
  }
  Evaluation evaluation() const {
    Evaluation out;
    out.data = &data;
    out.samples = &samples;
    return out;
  }
  double of(const std::string& metric, const std::string& part = "") const {
    Evaluation e = evaluation();
    const auto name = build<Metric>(metric)->spec().name + part;
    for (const auto& [key, value] : measure(*build<Metric>(metric), e))
      if (key == name) return value;
    FAIL(name << " is not measured");
    return 0.0;
  }
  std::string refusal(const std::string& metric) const {
    Evaluation e = evaluation();
    try {
      (void)measure(*build<Metric>(metric), e);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
    return {};
  }
};

}  // namespace

TEST_CASE("maximum mean discrepancy by hand") {
  // Samples 0 and 1; data 0, 2 and 4: distances 2, 2, 4, so b = 2 and k = exp(-d² / 8).
  const Drawn drawn({0, 1}, {0, 2, 4});
  const auto k = [](double d) { return std::exp(-d * d / 8.0); };
  const double between = (k(0) + k(2) + k(4) + k(1) + k(1) + k(3)) / 6;
  CHECK(drawn.of("\"mmd\"") == doctest::Approx(k(1) + (k(2) + k(4) + k(2)) / 3 - 2 * between));
  CHECK(drawn.of("{ use = \"mmd\", most = 2 }") ==
        doctest::Approx(k(1) + k(2) - (k(0) + k(2) + k(1) + k(1)) / 2));
}

TEST_CASE("energy distance and diversity by hand") {
  const Drawn drawn({0, 1}, {0, 2, 4});
  CHECK(drawn.of("\"energy-distance\"") ==
        doctest::Approx(2 * (0 + 2 + 4 + 1 + 1 + 3) / 6.0 - 1 - 8.0 / 3));
  CHECK(drawn.of("\"sample-diversity\"") == doctest::Approx(1 / (8.0 / 3)));
  CHECK(Drawn({5, 5, 5}, {0, 2, 4}).of("\"sample-diversity\"") == 0.0);
}

TEST_CASE("distances between samples of one distribution are 0 on average, of two above it") {
  double mmd = 0.0, energy = 0.0, apart = 1e9;
  const auto draw = [](std::uint64_t seed, double shift) {
    std::vector<double> out;
    Stream stream(seed);
    for (int i = 0; i < 200; ++i) out.push_back(shift + stream.normal());
    return out;
  };
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const Drawn same(draw(2 * seed, 0), draw(2 * seed + 1, 0), 2);
    mmd += same.of("\"mmd\"") / 40;
    energy += same.of("\"energy-distance\"") / 40;
    apart = std::min(apart, Drawn(draw(seed, 0.7), draw(seed + 90, 0), 2).of("\"mmd\""));
  }
  // 100 pairs of numbers: one value has a deviation of about 0.006 (mmd) and 0.02 (energy), their
  // mean over 40 a sixth of it; these are five of those.
  CHECK(std::abs(mmd) < 0.005);
  CHECK(std::abs(energy) < 0.017);
  CHECK(apart > 0.02);
}

TEST_CASE("copies of training examples by hand") {
  // Of 0.9 and 1.1: 0.9 and 1.1 away from 0 and 2. Of 0.4: 0.4 and 1.6, more than three times as
  // far. Of 2: on it.
  const Drawn drawn({0.9, 1.1, 0.4, 2}, {0, 2, 10});
  CHECK(drawn.of("\"memorised\"") == 0.5);
  CHECK(drawn.of("{ use = \"memorised\", ratio = 0.2 }") == 0.25);
}

TEST_CASE("coverage of known components by hand") {
  Drawn drawn({0.1, 0, 0, 0.29, 5, 0, 10, 0.31}, {0, 0, 5, 0}, 2);
  drawn.data.truth["means"] = rows(2, {0, 0, 5, 0, 10, 0, 0, 9});
  drawn.data.truth["deviations"] = nn::Tensor::full({4}, 0.1);
  drawn.data.truth["weights"] = nn::Tensor::full({4}, 0.25);
  CHECK(drawn.of("\"mode-coverage\"") == 0.5);  // the fourth is 3.1 deviations away
  CHECK(drawn.of("\"mode-coverage\"", "-near") == 0.75);
  CHECK(drawn.of("{ use = \"mode-coverage\", within = 4.0 }") == 0.75);
  // A normal density in two dimensions: log(1 / (2 pi s²)) - d² / (2 s²), weights 1/4.
  const double squares = 1.0 + 8.41 + 0.0 + 9.61;  // in deviations
  CHECK(drawn.of("\"mode-coverage\"", "-log-density") ==
        doctest::Approx(std::log(0.25 / (2 * std::acos(-1.0) * 0.01)) - squares / 8).epsilon(1e-5));
  drawn.data.truth.erase("means");
  CHECK(drawn.refusal("\"mode-coverage\"") ==
        "mode-coverage needs data with known components, as of gaussian-mixture");
}

TEST_CASE("metrics of numbers say what does not fit") {
  Drawn drawn({0, 1}, {0, 2, 4});
  drawn.data.test.features = rows(3, {0, 2, 4, 1, 1, 1});
  CHECK(drawn.refusal("\"mmd\"") == "mmd: samples of 1 numbers, examples of 3");
  CHECK(drawn.refusal("{ use = \"distinct\", n = 1 }") ==
        "distinct: the samples are numbers, not tokens");
  Samples grid;
  grid.count = 1;
  grid.width = 16;
  grid.values = rows(16, std::vector<double>(16));
  Evaluation of_grid;
  of_grid.samples = &grid;
  CHECK_THROWS_WITH(measure(*build<Metric>("\"solved-fraction\""), of_grid),
                    "solved-fraction needs 4x4, 6x6 or 9x9 Sudoku grids");
  drawn.samples.values = rows(1, {7});
  CHECK(drawn.refusal("\"energy-distance\"") == "energy-distance: 1 samples, and it takes 2");
  drawn.samples.values = {};
  CHECK(drawn.refusal("\"memorised\"") == "memorised: the samples are no rows of numbers");
  CHECK(Drawn({0, 1}, {3, 3, 3}).refusal("\"mmd\"") == "mmd: half of the data are the same");
}

TEST_CASE("square samples are pictures, in the units of the data") {
  Samples samples;
  samples.count = 3;
  samples.width = 4;
  samples.values = rows(4, {0, 0.25, 0.5, 0.75, 1, 1, 1, 1, 0, 0, 0, 0});
  CHECK(samples.preview(1) == "  ░░\n▒▒▓▓\n\n");
  CHECK(samples.preview(9) ==
        "  ░░  ████      \n"
        "▒▒▓▓  ████      \n\n");
  // What a number stands for: 1 - it, except for the last pixel.
  samples.shift = rows(4, {1, 1, 1, 0}).reshaped({4});
  samples.scale = rows(4, {-1, -1, -1, 1}).reshaped({4});
  CHECK(samples.preview(1) == "██▓▓\n▒▒▓▓\n\n");
  archive_contract(samples);
  samples.count = 4;
  samples.width = 3;
  samples.values = rows(3, std::vector<double>(12));
  CHECK(samples.preview(1).empty());
}
