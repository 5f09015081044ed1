// Each wrapper's truth by counting.
#include <cmath>
#include <numeric>
#include <set>

#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::shared_ptr<const Data> make(const std::string& text) {
  return build<Dataset>(text)->make();
}

std::vector<int> counts_of(const Examples& split, int classes) {
  std::vector<int> out(static_cast<std::size_t>(classes));
  for (const auto label : split.labels) ++out[static_cast<std::size_t>(label)];
  return out;
}

std::string failure(const std::string& text) {
  try {
    (void)make(text);
  } catch (const std::runtime_error& e) {
    return e.what();
  }
  return {};
}

// A sum over features that tells examples apart.
double print_of(const Examples& split, int row) {
  double out = 0.0;
  for (int j = 0; j < split.features.shape().back(); ++j)
    out += std::cos(j + 1.0) * split.features.at(row, j);
  return out;
}

}  // namespace

TEST_CASE("label-noise changes exactly its share of each class, in training alone") {
  const auto clean = make("\"digits\"");
  const auto before = counts_of(clean->train, 10);
  for (const std::string kind : {"symmetric", "pairwise"}) {
    const auto noisy = make("{ use = \"label-noise\", dataset = \"digits\", kind = \"" + kind +
                            "\", rate = 0.3 }");
    CHECK(noisy->train.features == clean->train.features);
    CHECK(noisy->valid.labels == clean->valid.labels);
    CHECK(noisy->test.labels == clean->test.labels);
    std::vector<int> changed(10);
    bool next = true;
    for (std::size_t i = 0; i < noisy->train.labels.size(); ++i) {
      const int was = clean->train.labels[i], is = noisy->train.labels[i];
      CHECK(noisy->truth.at("clean-labels").get(static_cast<std::int64_t>(i)) == was);
      changed[static_cast<std::size_t>(was)] += was != is;
      next = next && (was == is || is == (was + 1) % 10);
    }
    for (std::size_t c = 0; c < 10; ++c) CHECK(changed[c] == std::lround(0.3 * before[c]));
    CHECK(next == (kind == "pairwise"));
  }
}

TEST_CASE("label-noise by a map leaves a class that it maps to itself") {
  const auto clean = make("\"iris\"");
  const auto noisy = make(
      "{ use = \"label-noise\", dataset = \"iris\", kind = \"map\", map = [0, 2, 0], rate = 1.0 }");
  for (std::size_t i = 0; i < clean->train.labels.size(); ++i)
    CHECK(noisy->train.labels[i] ==
          std::array{0, 2, 0}[static_cast<std::size_t>(clean->train.labels[i])]);
  CHECK(failure("{ use = \"label-noise\", dataset = \"iris\", kind = \"map\", map = [0, 3, 0] }") ==
        "label-noise: map has to give one of the 3 classes for each of them");
  CHECK(failure("{ use = \"label-noise\", dataset = \"births\" }") ==
        "label-noise needs examples of one label each; the data are otherwise");
  CHECK(error_of<Dataset>("{ use = \"label-noise\", dataset = \"iris\", map = [1, 0, 2] }") ==
        "it.map is only for kind = \"map\"");
}

TEST_CASE("noise upon noise keeps the labels that were right at first") {
  const auto clean = make("\"iris\"");
  const auto twice = make(
      "{ use = \"label-noise\", rate = 0.5, draw = 1, dataset = { use = \"label-noise\", rate = "
      "0.5, dataset = \"iris\" } }");
  for (int i = 0; i < clean->train.count; ++i)
    CHECK(twice->truth.at("clean-labels").get(i) ==
          clean->train.labels[static_cast<std::size_t>(i)]);
}

TEST_CASE("a quarter turn is the transposed image upside down, four are none") {
  const std::string digits = "dataset = { use = \"digits\", normalise = \"global\" }";
  const auto plain = make("{ use = \"digits\", normalise = \"global\" }");
  const auto turned =
      make("{ use = \"rotation\", angle = 90.0, splits = [\"test\"], " + digits + " }");
  CHECK(turned->train.features == plain->train.features);
  for (int i = 0; i < 20; ++i)
    for (int r = 0; r < 8; ++r)
      for (int c = 0; c < 8; ++c)
        CHECK(turned->test.features.at(i, (7 - c) * 8 + r) ==
              plain->test.features.at(i, r * 8 + c));
  CHECK(make("{ use = \"rotation\", angle = -360.0, " + digits + " }")->test.features ==
        plain->test.features);
  CHECK(make("{ use = \"rotation\", angle = -270.0, " + digits + " }")->test.features ==
        turned->test.features);
}

TEST_CASE("a turn keeps the brightness of a disc, and a spread turns each image otherwise") {
  const auto plain = make("{ use = \"digits\", normalise = \"global\" }");
  const std::string digits = "dataset = { use = \"digits\", normalise = \"global\" } }";
  const auto one = make("{ use = \"rotation\", angle = 10.0, " + digits);
  const auto spread = make("{ use = \"rotation\", angle = 10.0, spread = 10.0, " + digits);
  const auto distance = [&](const Data& a, const Data& b) {
    double out = 0.0;
    for (std::int64_t i = 0; i < a.test.features.count(); ++i)
      out += std::abs(a.test.features.get(i) - b.test.features.get(i));
    return out / static_cast<double>(a.test.features.count());
  };
  CHECK(distance(*one, *plain) > 0.05);
  CHECK(distance(*one, *plain) < 0.3);
  CHECK(distance(*spread, *one) > 0.02);
  CHECK(failure("{ use = \"rotation\", dataset = \"wine\" }") ==
        "rotation needs square images; the data have 13 features");
  CHECK(error_of<Dataset>(
            "{ use = \"rotation\", dataset = \"digits\", splits = [\"test\", \"test\"] }") ==
        "it.splits names test twice");
}

TEST_CASE("tasks share the classes out, and tests hold the classes seen so far") {
  const auto whole = counts_of(make("\"digits\"")->train, 10);
  std::vector<int> together(10);
  for (int t = 0; t < 4; ++t) {  // 3 + 3 + 2 + 2 classes
    const auto task =
        make("{ use = \"class-incremental\", dataset = \"digits\", tasks = 4, task = " +
             std::to_string(t) + " }");
    const auto counts = counts_of(task->train, 10);
    int classes = 0;
    for (std::size_t c = 0; c < 10; ++c) {
      together[c] += counts[c];
      classes += counts[c] > 0;
    }
    CHECK(classes == (t < 2 ? 3 : 2));
    CHECK(*std::max_element(task->test.labels.begin(), task->test.labels.end()) ==
          std::array{2, 5, 7, 9}[static_cast<std::size_t>(t)]);
    CHECK(*std::min_element(task->test.labels.begin(), task->test.labels.end()) == 0);
  }
  CHECK(together == whole);
  const auto fresh = make(
      "{ use = \"class-incremental\", dataset = \"digits\", tasks = 5, task = 4, test = \"task\", "
      "relabel = true }");
  CHECK(fresh->format.classes == 2);
  CHECK(counts_of(fresh->train, 2) == std::vector<int>{whole[8], whole[9]});
  CHECK(failure("{ use = \"class-incremental\", dataset = \"iris\" }") ==
        "class-incremental: 5 tasks are more than the 3 classes");
  CHECK(error_of<Dataset>("{ use = \"class-incremental\", dataset = \"iris\", task = 5 }") ==
        "it.task = 5 is not one of the 5 tasks, which count from 0");
}

TEST_CASE("all clients together hold every training example once") {
  const auto whole = make("\"digits\"");
  std::multiset<double> all, shared;
  for (int i = 0; i < whole->train.count; ++i) all.insert(print_of(whole->train, i));
  const auto clients = [&](const std::string& alpha) {
    shared.clear();
    double largest = 0.0;
    for (int i = 0; i < 7; ++i) {
      const auto mine =
          make("{ use = \"client-skew\", dataset = \"digits\", clients = 7, alpha = " + alpha +
               ", client = " + std::to_string(i) + " }");
      CHECK(mine->test.features == whole->test.features);
      CHECK(mine->train.count == whole->train.count / 7 + (i < whole->train.count % 7));
      for (int row = 0; row < mine->train.count; ++row) shared.insert(print_of(mine->train, row));
      const nn::Tensor& shares = mine->truth.at("client-class-shares");
      double sum = 0.0;
      for (int c = 0; c < 10; ++c) sum += shares.at(i, c);
      CHECK(sum == doctest::Approx(1.0));
      const auto counts = counts_of(mine->train, 10);
      largest += *std::max_element(counts.begin(), counts.end()) / (7.0 * mine->train.count);
    }
    CHECK(shared == all);
    return largest;
  };
  // The largest class of a client: about a tenth where clients are alike. A class has 126 examples
  // and a client 180, so that even the first of them cannot have one class alone.
  const double alike = clients("1e4"), skewed = clients("1e-3");
  CHECK(alike < 0.2);
  CHECK(skewed > 2 * alike);
  CHECK(error_of<Dataset>("{ use = \"client-skew\", dataset = \"iris\", client = 10 }") ==
        "it.client = 10 is not one of the 10 clients, which count from 0");
}

TEST_CASE("a cue agrees with exactly its share of labels, in each split") {
  for (const std::string place : {"append", "overwrite"}) {
    const auto data = make(
        "{ use = \"spurious-cue\", dataset = \"digits\", rate = 0.9, test_rate = "
        "0.25, place = \"" +
        place + "\" }");
    const int first = place == "append" ? 64 : 0;
    CHECK(data->format.width == first + (place == "append" ? 10 : 64));
    for (const std::string name : {"train", "valid", "test"}) {
      const Examples& split = data->split(name);
      int agree = 0;
      for (int i = 0; i < split.count; ++i) {
        double lit = 0.0;
        for (int c = 0; c < 10; ++c) lit += split.features.at(i, first + c);
        CHECK(lit == 1.0);
        const int label = split.labels[static_cast<std::size_t>(i)];
        const bool agrees = split.features.at(i, first + label) == 1.0;
        CHECK(data->truth.at("cue-agrees-" + name).get(i) == (agrees ? 1.0 : 0.0));
        agree += agrees;
      }
      CHECK(agree == std::lround((name == "test" ? 0.25 : 0.9) * split.count));
    }
  }
  CHECK(failure("{ use = \"spurious-cue\", dataset = \"moby-dick\" }") ==
        "spurious-cue changes features; the data are tokens");
}

TEST_CASE("labels drift at once at the onset, or by and by about it; means along one direction") {
  const auto plain = make("\"digits\"");
  const auto abrupt = make("{ use = \"concept-drift\", dataset = \"digits\", onset = 0.25 }");
  const int n = plain->train.count;
  for (int i = 0; i < n; ++i) {
    const auto row = static_cast<std::size_t>(i);
    const int later = (i + 0.5) / n >= 0.25;
    CHECK(abrupt->train.labels[row] == (plain->train.labels[row] + later) % 10);
  }
  for (std::size_t i = 0; i < plain->test.labels.size(); ++i)
    CHECK(abrupt->test.labels[i] == (plain->test.labels[i] + 1) % 10);
  // Over the whole time: half of the examples, more of them in the second half.
  const auto gradual = make("{ use = \"concept-drift\", dataset = \"digits\", duration = 1.0 }");
  double first = 0.0, second = 0.0;
  for (int i = 0; i < n; ++i)
    (i < n / 2 ? first : second) += gradual->truth.at("concept-train").get(i) / (n / 2.0);
  CHECK(first == doctest::Approx(0.25).epsilon(0.2));
  CHECK(second == doctest::Approx(0.75).epsilon(0.1));
  const auto moved =
      make("{ use = \"concept-drift\", dataset = \"digits\", kind = \"means\", size = 3.0 }");
  double square = 0.0;
  for (int j = 0; j < 64; ++j)
    square += std::pow(moved->test.features.at(5, j) - plain->test.features.at(5, j), 2);
  CHECK(std::sqrt(square) == doctest::Approx(3.0).epsilon(1e-5));
  CHECK(moved->train.features.at(0, 20) == plain->train.features.at(0, 20));
}

TEST_CASE("few-shot and subset leave as many as they say, and truth follows the examples") {
  CHECK(counts_of(make("{ use = \"few-shot\", dataset = \"digits\", examples = 7 }")->train, 10) ==
        std::vector<int>(10, 7));
  CHECK(failure("{ use = \"few-shot\", dataset = \"iris\", examples = 36 }") ==
        "few-shot: class 0 has 35 training examples, not 36");
  const auto noisy = make("{ use = \"label-noise\", dataset = \"iris\" }");
  const auto few = make(
      "{ use = \"subset\", fraction = 0.2, dataset = { use = \"label-noise\", "
      "dataset = \"iris\" } }");
  CHECK(few->train.count == 21);
  REQUIRE(few->truth.at("clean-labels").shape() == nn::Shape{21, 1});
  for (int i = 0; i < 21; ++i)
    for (int k = 0; k < noisy->train.count; ++k)
      if (print_of(noisy->train, k) == print_of(few->train, i))
        CHECK(few->truth.at("clean-labels").get(i) == noisy->truth.at("clean-labels").get(k));
  const auto head = make(
      "{ use = \"subset\", dataset = \"iris\", examples = 10, choose = "
      "\"first\", splits = [\"test\"] }");
  CHECK(head->test.count == 10);
  CHECK(head->train.count == 105);
  // Validation and test have as many: whose the codes are cannot be told, so they are dropped.
  const auto codes = make(
      "{ use = \"subset\", fraction = 0.5, splits = [\"test\"], dataset = { use = "
      "\"sparse-dictionary\", examples = 200 } }");
  CHECK(codes->truth.count("codes") == 0);
  CHECK(codes->truth.count("dictionary") == 1);
  CHECK(error_of<Dataset>(
            "{ use = \"subset\", dataset = \"iris\", examples = 10, fraction = 0.5 }") ==
        "it.fraction and examples cannot both be given");
}

TEST_CASE("noise has its deviation, in the splits that are named") {
  const auto plain = make("\"digits\"");
  const auto noisy =
      make("{ use = \"noise\", dataset = \"digits\", deviation = 0.5, splits = [\"test\"] }");
  CHECK(noisy->train.features == plain->train.features);
  double square = 0.0;
  const auto n = static_cast<double>(plain->test.features.count());
  for (std::int64_t i = 0; i < plain->test.features.count(); ++i)
    square += std::pow(noisy->test.features.get(i) - plain->test.features.get(i), 2) / n;
  // 23,000 numbers: five standard errors of the variance are 4.7% of it.
  CHECK(std::abs(square / 0.25 - 1.0) < 0.047);
}
