#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "components/datasets/gaussian_mixture.h"
#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

TEST_CASE("every data set keeps the contract of its kind") {
  for (const std::string& text : examples_of_kind("dataset")) {
    dataset_contract(text);
    const auto data = made(*build<Dataset>(text));
    CHECK((!data || data->valid.count > 0));
  }
  for (const char* text : {"{ use = \"digits\", split = 3, valid = 0.0, test = 0.5 }",
                           "{ use = \"breast-cancer\", noise_features = 3 }",
                           "{ use = \"moby-dick\", context = 99, stride = 1, characters = 1000 }"})
    dataset_contract(text);
}

TEST_CASE("splits share no example, hold each class alike, and differ by `split` alone") {
  const auto whole = build<Dataset>("\"digits\"")->make();
  const auto other = build<Dataset>("{ use = \"digits\", split = 1 }")->make();
  CHECK_FALSE(archive_of(*whole) == archive_of(*other));
  CHECK(whole->train.count + whole->valid.count + whole->test.count == 1797);
  CHECK(other->train.count == whole->train.count);
  std::vector<int> all(10), test(10);
  for (const char* name : {"train", "valid", "test"})
    for (const auto label : whole->split(name).labels) ++all[static_cast<std::size_t>(label)];
  for (const auto label : whole->test.labels) ++test[static_cast<std::size_t>(label)];
  for (std::size_t c = 0; c < 10; ++c) CHECK(std::abs(test[c] - 0.2 * all[c]) <= 0.5);
}

TEST_CASE("noise features stand behind the others and are told from them by the truth") {
  const auto plain = build<Dataset>("\"breast-cancer\"")->make();
  const auto noisy = build<Dataset>("{ use = \"breast-cancer\", noise_features = 20 }")->make();
  CHECK(noisy->format.width == 50);
  CHECK(plain->truth.count("informative") == 0);
  double sum = 0.0, squares = 0.0;
  for (const char* name : {"train", "valid", "test"}) {
    const Examples &from = plain->split(name), &to = noisy->split(name);
    CHECK(to.labels == from.labels);
    bool same = true;
    for (int i = 0; i < to.count; ++i)
      for (int j = 0; j < 50; ++j) {
        const double x = to.features.at(i, j);
        if (j < 30) same = same && x == from.features.at(i, j);
        sum += j < 30 ? 0.0 : x;
        squares += j < 30 ? 0.0 : x * x;
      }
    CHECK(same);
  }
  const double n = 569.0 * 20;  // five standard errors of its mean and of its variance
  CHECK(std::abs(sum / n) < 5 / std::sqrt(n));
  CHECK(std::abs(squares / n - 1) < 5 * std::sqrt(2 / n));
  for (int j = 0; j < 50; ++j) CHECK(noisy->truth.at("informative").get(j) == (j < 30 ? 1 : 0));
}

TEST_CASE("windows of Moby Dick are the text, with the next character as the label") {
  const auto data =
      build<Dataset>("{ use = \"moby-dick\", context = 4, stride = 3, characters = 1000 }")->make();
  const auto text = [&](std::size_t from, std::size_t count) {
    std::string out;
    for (std::size_t i = from; i < from + count; ++i)
      out += data->symbols[static_cast<std::size_t>(data->train.tokens[i])];
    return out;
  };
  CHECK(text(0, 4) == "CHAP");
  CHECK(text(4, 4) == "PTER");
  CHECK(data->symbols[static_cast<std::size_t>(data->train.labels[0])] == "T");
  CHECK(data->symbols[static_cast<std::size_t>(data->train.labels[1])] == " ");
  CHECK(data->format.vocabulary == 83);
  // Windows start at 0, 3, … and their labels lie inside the part: 800 and 100 characters.
  CHECK(data->train.count == 266);
  CHECK(data->valid.count == 32);
  CHECK(data->test.count == 32);
}

TEST_CASE("a split that leaves a part empty is refused") {
  for (const char* name : {"digits", "breast-cancer", "wine", "iris"})
    CHECK(error_of<Dataset>("{ use = \"" + std::string(name) + "\", valid = 0.5, test = 0.5 }") ==
          "it.test = 0.5 and valid = 0.5 leave nothing to train on; allowed: a sum below 1");
  CHECK(error_of<Dataset>("{ use = \"moby-dick\", context = 100, characters = 1000 }") ==
        "it.context = 100 does not fit into a tenth of characters = 1000, which is the test part");
}

TEST_CASE("a damaged, torn or unlisted data file is named") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / "assay-damaged-datasets";
  fs::remove_all(folder);
  fs::copy(datasets_folder(), folder);
  const char* before = std::getenv("ASSAY_DATASETS");
  const std::string kept = before ? before : "";
  setenv("ASSAY_DATASETS", folder.c_str(), 1);
  std::ofstream(folder / "breast_cancer.csv", std::ios::app) << "\n";
  std::ofstream(folder / "stray.csv") << "1,2\n";
  const auto message = [](const std::string& file) -> std::string {
    try {
      (void)read_dataset_file(file);
    } catch (const std::runtime_error& e) {
      return e.what();
    }
    return {};
  };
  CHECK(message("digits.csv.gz").empty());
  CHECK(message("breast_cancer.csv")
            .rfind((folder / "breast_cancer.csv").string() + " is damaged: its SHA-256 is ", 0) ==
        0);
  CHECK(message("stray.csv") == "stray.csv is not in " + (folder / "manifest.toml").string());
  CHECK(message("none.csv").rfind("cannot read data file " + (folder / "none.csv").string(), 0) ==
        0);
  before ? setenv("ASSAY_DATASETS", kept.c_str(), 1) : unsetenv("ASSAY_DATASETS");
  fs::remove_all(folder);
}

TEST_CASE("features are normalised by the training split alone") {
  const auto data = build<Dataset>("\"breast-cancer\"")->make();
  const auto moments = [](const Examples& split, int column) {
    double mean = 0.0, square = 0.0;
    for (int i = 0; i < split.count; ++i) mean += split.features.at(i, column) / split.count;
    for (int i = 0; i < split.count; ++i)
      square += std::pow(split.features.at(i, column) - mean, 2) / split.count;
    return std::pair(mean, square);
  };
  CHECK(data->train.count + data->valid.count + data->test.count == 569);
  for (const int column : {0, 7, 29}) {
    CHECK(std::abs(moments(data->train, column).first) < 1e-5);
    CHECK(moments(data->train, column).second == doctest::Approx(1.0).epsilon(1e-4));
    CHECK(std::abs(moments(data->test, column).first) > 1e-4);
  }
}

TEST_CASE(
    "every Sudoku has exactly one solution, its label, and tests hold grids never trained on") {
  const auto data = build<Dataset>("{ use = \"sudoku\", puzzles = 300 }")->make();
  // Independent of the generator: every grid from rows that are permutations.
  std::vector<std::vector<int>> grids;
  std::vector<int> row = {1, 2, 3, 4};
  std::vector<std::vector<int>> rows;
  do rows.push_back(row);
  while (std::next_permutation(row.begin(), row.end()));
  const auto distinct = [](std::initializer_list<int> v) { return std::set<int>(v).size() == 4; };
  for (const auto& a : rows)
    for (const auto& b : rows)
      for (const auto& c : rows)
        for (const auto& d : rows) {
          bool good = distinct({a[0], a[1], b[0], b[1]}) && distinct({a[2], a[3], b[2], b[3]}) &&
                      distinct({c[0], c[1], d[0], d[1]}) && distinct({c[2], c[3], d[2], d[3]});
          for (std::size_t j = 0; j < 4; ++j) good = good && distinct({a[j], b[j], c[j], d[j]});
          if (!good) continue;
          std::vector<int> grid(a);
          for (const auto* next : {&b, &c, &d}) grid.insert(grid.end(), next->begin(), next->end());
          grids.push_back(grid);
        }
  CHECK(grids.size() == 288);
  std::set<std::vector<int>> trained;
  for (const char* name : {"train", "test"}) {
    const Examples& split = data->split(name);
    for (int p = 0; p < split.count; ++p) {
      std::vector<int> solution;
      for (int i = 0; i < 16; ++i)
        solution.push_back(split.labels[static_cast<std::size_t>(p * 16 + i)] + 1);
      int fitting = 0;
      for (const auto& grid : grids) {
        bool fits = true;
        for (int i = 0; i < 16; ++i) {
          const int given = split.tokens[static_cast<std::size_t>(p * 16 + i)];
          fits = fits && (given == 0 || given == grid[static_cast<std::size_t>(i)]);
        }
        fitting += fits;
      }
      CHECK(fitting == 1);
      if (std::string(name) == "train")
        trained.insert(solution);
      else
        CHECK(trained.count(solution) == 0);
    }
  }
}

TEST_CASE("a sparse dictionary has unit atoms, and its examples are what its codes say") {
  const auto make = [](const std::string& options) {
    return build<Dataset>(
               "{ use = \"sparse-dictionary\", features = 8, atoms = 12, active = 3, "
               "examples = 4000" +
               options + " }")
        ->make();
  };
  const auto data = make(", noise = 0.1");
  const nn::Tensor &atoms = data->truth.at("dictionary"), &codes = data->truth.at("codes");
  REQUIRE(atoms.shape() == nn::Shape{12, 8});
  REQUIRE(codes.shape() == nn::Shape{data->test.count, 12});
  for (int a = 0; a < 12; ++a) {
    double norm = 0.0;
    for (int j = 0; j < 8; ++j) norm += atoms.at(a, j) * atoms.at(a, j);
    CHECK(norm == doctest::Approx(1.0).epsilon(1e-5));
  }
  double square = 0.0;
  for (int i = 0; i < data->test.count; ++i) {
    int active = 0;
    for (int a = 0; a < 12; ++a) {
      active += codes.at(i, a) != 0.0;
      CHECK((codes.at(i, a) == 0.0 || (codes.at(i, a) >= 0.5 && codes.at(i, a) <= 1.5)));
    }
    CHECK(active == 3);
    for (int j = 0; j < 8; ++j) {
      double x = data->test.features.at(i, j);
      for (int a = 0; a < 12; ++a) x -= codes.at(i, a) * atoms.at(a, j);
      square += x * x / (data->test.count * 8.0);
    }
  }
  // 3,200 residuals: five standard errors of their variance are 12.5% of it.
  CHECK(std::abs(square / 0.01 - 1.0) < 0.125);
  CHECK_FALSE(make(", noise = 0.1, draw = 1")->truth.at("dictionary") == atoms);
}

TEST_CASE("pixels in a range are from -1 to 1 in training, and the truth gives them back") {
  const auto plain = build<Dataset>("\"digits\"")->make();
  const auto range = build<Dataset>("{ use = \"digits\", normalise = \"range\" }")->make();
  const auto numbers = range->train.features.floats();
  CHECK(*std::min_element(numbers.begin(), numbers.end()) == -1.0F);
  CHECK(*std::max_element(numbers.begin(), numbers.end()) == 1.0F);
  CHECK(range->test.labels == plain->test.labels);
  for (const auto& data : {plain, range})
    for (std::int64_t i = 0; i < 640; ++i) {
      const double pixel = data->test.features.get(i) * data->truth.at("scale").get(i % 64) +
                           data->truth.at("shift").get(i % 64);
      CHECK(std::abs(pixel - std::round(pixel)) < 1e-4);
      CHECK((pixel > -0.5 && pixel < 16.5));
    }
}

TEST_CASE("a mixture has the weights, means and deviations that its truth says") {
  const auto data = build<Dataset>(
                        "{ use = \"gaussian-mixture\", layout = \"grid\", components = 4, "
                        "dimensions = 3, deviation = 0.2, decay = 0.5, examples = 20000 }")
                        ->make();
  const GaussianMixture truth = mixture_of(*data, "test");
  const std::vector<double> corners = {-1.5, -1.5, 0, 1.5, -1.5, 0, -1.5, 1.5, 0, 1.5, 1.5, 0};
  CHECK(truth.means == nn::Tensor::of({4, 3}, corners));
  std::vector<double> count(4), mean(12), square(4);
  const Examples& train = data->train;
  for (int i = 0; i < train.count; ++i) {
    const int k = train.labels[static_cast<std::size_t>(i)];
    count[static_cast<std::size_t>(k)] += 1;
    for (int j = 0; j < 3; ++j) {
      const double d = train.features.at(i, j) - truth.means.at(k, j);
      mean[static_cast<std::size_t>(3 * k + j)] += d;
      square[static_cast<std::size_t>(k)] += d * d;
    }
  }
  for (std::size_t k = 0; k < 4; ++k) {
    const double weight = std::pow(0.5, static_cast<double>(k)) / 1.875, n = count[k];
    CHECK(truth.weights.get(static_cast<std::int64_t>(k)) == doctest::Approx(weight));
    // Five standard errors each.
    CHECK(std::abs(n / 16000 - weight) < 5 * std::sqrt(weight * (1 - weight) / 16000));
    for (std::size_t j = 0; j < 3; ++j)
      CHECK(std::abs(mean[3 * k + j] / n) < 5 * 0.2 / std::sqrt(n));
    CHECK(std::abs(square[k] / (3 * n * 0.04) - 1) < 5 * std::sqrt(2 / (3 * n)));
  }
  // At a mean the other components are far: the density is that of one.
  CHECK(
      truth.log_density(truth.means, 2) ==
      doctest::Approx(std::log(0.25 / 1.875) - 3 * std::log(0.2 * std::sqrt(2 * std::acos(-1.0)))));
  CHECK(error_of<Dataset>("{ use = \"gaussian-mixture\", layout = \"grid\", components = 7 }") ==
        "it.components = 7 make no square grid");
  CHECK(error_of<Dataset>("{ use = \"gaussian-mixture\", dimensions = 1 }") ==
        "it.dimensions = 1 has no place for a ring or a grid; allowed: 2 or more");
}

TEST_CASE("a ring and random means are where they should be") {
  const auto ring = build<Dataset>("\"gaussian-mixture\"")->make();
  const nn::Tensor& means = ring->truth.at("means");
  for (int k = 0; k < 8; ++k) {
    const double half = std::sqrt(0.5), angle[] = {0, half, 1, half, 0, -half, -1, -half};
    CHECK(means.at(k, 1) == doctest::Approx(1.5 * angle[k]).epsilon(1e-5));
    CHECK(std::hypot(means.at(k, 0), means.at(k, 1)) == doctest::Approx(1.5));
  }
  const std::string random = "{ use = \"gaussian-mixture\", layout = \"random\", dimensions = 1";
  CHECK(build<Dataset>(random + " }")->make()->truth.at("means") !=
        build<Dataset>(random + ", draw = 1 }")->make()->truth.at("means"));
}
