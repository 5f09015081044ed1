// Graphs of the degree-corrected stochastic block model (Karrer and Newman 2011, section II): nodes
// i and j of classes g are linked a Poisson number of times of mean theta_i theta_j omega_{g_i
// g_j}. Here omega is `ratio` times larger within a class than between two, theta follows a power
// law, and several links make one edge, so that degrees are a little below their mean where it is
// large. One graph: each split is the same example with labels of its own nodes and -1 elsewhere
// (the transductive task of Kipf and Welling 2016). Features are a Gaussian around the mean of the
// node's class, or the words that it holds (0 or 1). The names of nodes say nothing about their
// class.
#include <cmath>

#include "components/datasets/dataset.h"

namespace assay::datasets {
namespace {

struct BlockModel final : Dataset {
  enum class Kind { kGaussian, kWords };
  static constexpr Info kInfo{"block-model", 1,
                              "Degree-corrected block-model graph with known classes of nodes.",
                              "Karrer and Newman 2011, arXiv:1008.3926, section II"};
  static constexpr std::string_view kExample =
      "nodes = 60, classes = 3, features = 6, train = 5, valid = 10";
  int nodes = 1000;
  int classes = 4;
  double degree = 10.0;
  double ratio = 5.0;
  double exponent = 2.5;
  Kind kind = Kind::kGaussian;
  int features = 16;
  double separation = 0.5;
  double words = 20.0;
  int train = 20;
  int valid = 200;
  int draw = 0;

  static void params(Params<BlockModel>& p) {
    using B = BlockModel;
    p.add("nodes", &B::nodes).range(10, 10000).unit("nodes").doc("Of the graph.");
    p.add("classes", &B::classes).range(2, 100).unit("classes").doc("Of nodes, equally large.");
    p.add("degree", &B::degree).above(0).unit("edges").doc("Mean over the nodes.");
    p.add("ratio", &B::ratio)
        .above(0)
        .doc(
            "How much more likely an edge is within a class than between two; below 1 less "
            "likely.");
    p.add("exponent", &B::exponent)
        .range(0, 100)
        .doc("Of the power law of expected degrees; above 2, or 0 for equal ones.");
    p.add("kind", &B::kind, {"gaussian", "words"}).doc("Of features.");
    p.add("features", &B::features).range(1, 65536).doc("Of a node: numbers, or words that exist.");
    p.add("separation", &B::separation)
        .range(0, 1000)
        .doc(
            "gaussian: standard deviation of class means, that of the noise being 1; words: how "
            "much more often than others (less 1) a class has its own.");
    p.add("words", &B::words).above(0).unit("words").doc("Mean of a node, where kind = words.");
    p.add("train", &B::train)
        .range(1, 20000)
        .unit("nodes")
        .doc("Of each class, to learn from.")
        .source("Kipf and Welling 2016, section 5.1");
    p.add("valid", &B::valid).range(1, 20000).unit("nodes").doc("To choose by; the rest is test.");
    p.add("draw", &B::draw).at_least(0).doc("Which of the seeded draws.");
  }
  std::string check() const override {
    if (nodes / classes <= train || nodes - classes * train <= valid)
      return "nodes = " + std::to_string(nodes) +
             " leave nothing to test after train = " + std::to_string(train) + " of each of " +
             std::to_string(classes) + " classes and valid = " + std::to_string(valid);
    if (exponent != 0.0 && exponent <= 2.0)
      return "exponent: a power law has a mean where it falls faster than 2; allowed: above 2, or "
             "0 for equal degrees";
    return degree < 0.5 * nodes ? "" : "degree: more than half the nodes";
  }

  // Inclination of each node to have edges, of mean 1.
  std::vector<double> inclinations(Stream stream) const {
    std::vector<double> out(static_cast<std::size_t>(nodes), 1.0);
    if (exponent == 0.0) return out;
    double total = 0.0;
    for (double& theta : out)
      total += theta = std::pow(1.0 - stream.uniform(), -1.0 / (exponent - 1.0));
    for (double& theta : out) theta *= nodes / total;
    return out;
  }

  // Links expected between two nodes.
  struct Means {
    std::vector<double> theta;
    const std::vector<int>& labels;
    double ratio, scale;
    double operator()(std::size_t i, std::size_t j) const {
      return scale * theta[i] * theta[j] * (labels[i] == labels[j] ? ratio : 1.0);
    }
  };
  // Newton's steps for the scale at which as many edges as asked for are expected. The number of
  // edges is concave in it, so they come from below and never overshoot.
  void calibrate(Means& means) const {
    const auto n = static_cast<std::size_t>(nodes);
    const double wanted = 0.5 * degree * nodes;
    for (int step = 0; step < 50; ++step) {
      double edges = 0.0, slope = 0.0;
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t i = 0; i < j; ++i) {
          const double none = std::exp(-means(i, j));
          edges += 1.0 - none;
          slope += none * means(i, j) / means.scale;
        }
      if (edges > 0.999 * wanted) return;
      means.scale += (wanted - edges) / slope;
    }
  }

  std::shared_ptr<const Graph> link(const std::vector<int>& labels, const Stream& stream) const {
    Means means = {inclinations(stream.fork("degrees")), labels, ratio, 1e-9};
    calibrate(means);
    const auto n = static_cast<std::size_t>(nodes);
    std::vector<std::vector<std::int32_t>> neighbours(n);
    Stream coins = stream.fork("edges");
    for (std::size_t j = 0; j < n; ++j)
      for (std::size_t i = 0; i < j; ++i) {
        if (coins.uniform() >= -std::expm1(-means(i, j))) continue;
        neighbours[i].push_back(static_cast<std::int32_t>(j));
        neighbours[j].push_back(static_cast<std::int32_t>(i));
      }
    auto out = std::make_shared<Graph>();
    out->nodes = nodes;
    for (std::size_t to = 0; to < n; ++to)
      for (const std::int32_t from : neighbours[to]) {
        out->from.push_back(from);
        out->to.push_back(static_cast<std::int32_t>(to));
      }
    return out;
  }

  nn::Tensor gaussian(const std::vector<int>& labels, const Stream& stream) const {
    const nn::Tensor means =
        nn::Tensor::normal({classes, features}, separation, stream.fork("means"));
    nn::Tensor out = nn::Tensor::normal({1, nodes * features}, 1.0, stream.fork("noise"));
    for (int i = 0; i < nodes; ++i)
      for (int j = 0; j < features; ++j) {
        const std::int64_t at = std::int64_t{i} * features + j;
        out.set(at, out.get(at) + means.at(labels[static_cast<std::size_t>(i)], j));
      }
    return out;
  }

  // Word j is one of class j mod classes. Chances are scaled so that `words` are expected.
  nn::Tensor bag_of_words(const std::vector<int>& labels, Stream stream) const {
    nn::Tensor out({1, nodes * features});
    for (int i = 0; i < nodes; ++i) {
      const int label = labels[static_cast<std::size_t>(i)];
      const int own = features / classes + (label < features % classes ? 1 : 0);
      const double chance = words / (features + separation * own);
      for (int j = 0; j < features; ++j) {
        const bool theirs = j % classes == label;
        const double here = chance * (theirs ? 1.0 + separation : 1.0);
        out.set(std::int64_t{i} * features + j, stream.uniform() < here ? 1.0 : 0.0);
      }
    }
    return out;
  }

  // Which split each node is in: 0 train, 1 valid, 2 test.
  std::vector<int> split_of(const std::vector<int>& labels, Stream stream) const {
    std::vector<int> out(labels.size(), 2), taken(static_cast<std::size_t>(classes));
    int validated = 0;
    for (const int node : stream.permutation(nodes)) {
      const auto i = static_cast<std::size_t>(node);
      int& of_class = taken[static_cast<std::size_t>(labels[i])];
      if (of_class < train)
        out[i] = 0, ++of_class;
      else if (validated < valid)
        out[i] = 1, ++validated;
    }
    return out;
  }

  std::shared_ptr<const Data> make() const override {
    const Stream stream(0, static_cast<std::uint64_t>(draw), "block-model", "draw");
    std::vector<int> labels(static_cast<std::size_t>(nodes));
    for (int i = 0; i < nodes; ++i) labels[static_cast<std::size_t>(i)] = i % classes;
    stream.fork("classes").shuffle(labels);
    const auto graph = link(labels, stream);
    const nn::Tensor x = kind == Kind::kWords ? bag_of_words(labels, stream.fork("words"))
                                              : gaussian(labels, stream);
    const std::vector<int> split = split_of(labels, stream.fork("split"));
    auto out = std::make_shared<Data>();
    out->name = "block-model";
    out->format = {false, nodes * features, 0, nodes, classes, 0, nodes};
    Examples* const parts[] = {&out->train, &out->valid, &out->test};
    for (int part = 0; part < 3; ++part) {
      Examples& examples = *parts[part];
      examples.count = 1;
      examples.features = x;
      examples.graphs = {graph};
      for (std::size_t i = 0; i < labels.size(); ++i)
        examples.labels.push_back(split[i] == part ? labels[i] : -1);
    }
    add_truth(*out, labels, *graph);
    return out;
  }

  // "class": of each node. "edge-is-noise": of each edge of the graph, 1 where it joins two
  // classes.
  void add_truth(Data& out, const std::vector<int>& labels, const Graph& graph) const {
    nn::Tensor classes_of({nodes}), noise({static_cast<int>(graph.from.size())});
    for (int i = 0; i < nodes; ++i) classes_of.set(i, labels[static_cast<std::size_t>(i)]);
    for (std::size_t e = 0; e < graph.from.size(); ++e)
      noise.set(static_cast<std::int64_t>(e), labels[static_cast<std::size_t>(graph.from[e])] !=
                                                      labels[static_cast<std::size_t>(graph.to[e])]
                                                  ? 1.0
                                                  : 0.0);
    out.truth["class"] = classes_of;
    out.truth["edge-is-noise"] = noise;
  }
};
ASSAY_REGISTER(Dataset, BlockModel);

}  // namespace
}  // namespace assay::datasets
