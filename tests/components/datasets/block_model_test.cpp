#include <cmath>

#include "tests/contracts/dataset_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

std::shared_ptr<const Data> make(const std::string& options) {
  return build<Dataset>("{ use = \"block-model\"" + options + " }")->make();
}

// Edges between classes for each within one, and edges of each node.
struct Counts {
  double within = 0.0, between = 0.0;
  std::vector<double> degrees;
};
Counts count(const Data& data) {
  Counts out;
  const Graph& graph = *data.train.graphs[0];
  out.degrees.resize(static_cast<std::size_t>(graph.nodes));
  const nn::Tensor& classes = data.truth.at("class");
  for (std::size_t e = 0; e < graph.from.size(); ++e) {
    const bool noise = classes.get(graph.from[e]) != classes.get(graph.to[e]);
    CHECK(data.truth.at("edge-is-noise").get(static_cast<std::int64_t>(e)) == (noise ? 1.0 : 0.0));
    (noise ? out.between : out.within) += 0.5;
    out.degrees[static_cast<std::size_t>(graph.to[e])] += 1.0;
  }
  return out;
}

}  // namespace

TEST_CASE("block-model graphs have the edges that their parameters say") {
  const auto data = make(", nodes = 2000, exponent = 0, degree = 12, ratio = 4");
  const Counts found = count(*data);
  // 12,000 edges; of the pairs of nodes 499.5 in 1999 are within a class, 4 times as likely: 0.571.
  const double edges = found.within + found.between, share = 4 * 499.5 / (4 * 499.5 + 1500 - 0.5);
  CHECK(std::abs(edges - 12000) < 5 * std::sqrt(12000.0));
  CHECK(std::abs(found.within / edges - share) < 5 * std::sqrt(0.25 / 12000));
  // Poisson degrees: the variance is the mean, its standard error that times sqrt(2 / 2000).
  double variance = 0.0;
  for (const double d : found.degrees) variance += (d - 12) * (d - 12) / 2000;
  CHECK(std::abs(variance / 12 - 1) < 5 * std::sqrt(2.0 / 2000));
  // A power law gives some nodes far more than the rest, and as many edges overall.
  const Counts heavy = count(*make(", nodes = 2000, degree = 12, exponent = 2.2"));
  CHECK(*std::max_element(heavy.degrees.begin(), heavy.degrees.end()) > 100);
  CHECK(std::abs(heavy.within + heavy.between - 12000) < 5 * std::sqrt(12000.0));
}

TEST_CASE("splits of a block model are one graph, and each node has its label in one of them") {
  const auto data = make(", train = 7, valid = 50");
  std::vector<int> counts;
  for (const char* name : {"train", "valid", "test"}) {
    const Examples& split = data->split(name);
    CHECK(split.graphs[0] == data->train.graphs[0]);
    CHECK(split.features == data->train.features);
    counts.push_back(0);
    for (const auto label : split.labels) counts.back() += label >= 0;
  }
  CHECK(counts == std::vector<int>{28, 50, 1000 - 78});
  for (std::size_t i = 0; i < 1000; ++i) {
    const int labels[] = {data->train.labels[i], data->valid.labels[i], data->test.labels[i]};
    const double known = data->truth.at("class").get(static_cast<std::int64_t>(i));
    int seen = 0;
    for (const int label : labels) {
      seen += label >= 0;
      CHECK((label < 0 || label == known));
    }
    CHECK(seen == 1);
  }
}

TEST_CASE("features of a block model tell the class: means of numbers, chances of words") {
  const auto numbers = make(", separation = 2.0, features = 3, nodes = 4000, classes = 2");
  const auto words = make(
      ", kind = \"words\", features = 40, words = 8, separation = 3, "
      "nodes = 4000, classes = 2");
  double own = 0.0, other = 0.0, spread = 0.0;
  for (int c = 0; c < 2; ++c)
    for (int j = 0; j < 3; ++j) {
      double mean = 0.0, square = 0.0;
      for (int i = 0; i < 4000; ++i) {
        if (numbers->truth.at("class").get(i) != c) continue;
        const double x = numbers->train.features.get(i * 3 + j);
        mean += x / 2000, square += x * x / 2000;
      }
      spread = std::max(spread, std::abs(mean));
      CHECK(std::abs(square - mean * mean - 1.0) < 5 * std::sqrt(2.0 / 2000));
    }
  CHECK(spread > 0.5);
  for (int i = 0; i < 4000; ++i)
    for (int j = 0; j < 40; ++j)
      (j % 2 == words->truth.at("class").get(i) ? own : other) +=
          words->train.features.get(i * 40 + j);
  // 8 words: 20 own ones 4 times as likely as 20 others, 6.4 and 1.6 (binomial, below Poisson).
  CHECK(std::abs(own / 4000 - 6.4) < 5 * std::sqrt(6.4 / 4000));
  CHECK(std::abs(other / 4000 - 1.6) < 5 * std::sqrt(1.6 / 4000));
}

TEST_CASE("a block model refuses what cannot be") {
  CHECK(error_of<Dataset>("{ use = \"block-model\", nodes = 100 }") ==
        "it.nodes = 100 leave nothing to test after train = 20 of each of 4 classes and valid = "
        "200");
  CHECK(error_of<Dataset>("{ use = \"block-model\", exponent = 1.5 }") ==
        "it.exponent: a power law has a mean where it falls faster than 2; allowed: above 2, or 0 "
        "for equal degrees");
}
