#include <cmath>

#include "components/nn/graph.h"
#include "tests/contracts/model_contract.h"
#include "tests/properties.h"

using namespace assay;
using namespace assay::testing;

namespace {

const DataFormat kGraphs = {false, 20, 0, 5, 3, 0, 5};

TrainedModel on_graphs(const std::string& options) {
  TrainedModel out;
  out.model = build<Model>("{ use = \"gcn\"" + options + " }");
  out.format = kGraphs;
  out.model->declare(out.parameters, kGraphs, Stream(5));
  return out;
}

std::string refusal(const DataFormat& format, const std::string& model) {
  nn::Parameters unused;
  try {
    build<Model>(model)->declare(unused, format, Stream(1));
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}

// What the layers of `aggregate` read, by a dense matrix over the nodes: rows x 4 -> rows x 4.
std::vector<double> dense(const std::string& aggregate, const Graph& graph, const double* x) {
  double matrix[5][5] = {}, degree[5] = {};
  for (std::size_t e = 0; e < graph.to.size(); ++e) matrix[graph.to[e]][graph.from[e]] = 1.0;
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) degree[i] += matrix[i][j];
  std::vector<double> out(20);
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) {
      double weight = matrix[i][j];
      if (aggregate == "gcn")
        weight = (weight + (i == j)) / std::sqrt((degree[i] + 1) * (degree[j] + 1));
      if (aggregate == "mean" && weight > 0) weight /= degree[i];
      if (aggregate == "sum") weight += i == j;
      for (int c = 0; c < 4; ++c) out[static_cast<std::size_t>(i * 4 + c)] += weight * x[j * 4 + c];
    }
  return out;
}

}  // namespace

TEST_CASE("graph networks of every aggregation keep the contract of models") {
  for (const char* form : {"mean", "sum", "none"})
    model_contract("{ use = \"gcn\", hidden = 5, layers = 3, aggregate = \"" + std::string(form) +
                   "\" }");
}

TEST_CASE("gradients of propagation agree with differences, of weights of edges too") {
  holds("propagate", [] {
    const int n = *rc::gen::inRange(1, 6), d = *rc::gen::inRange(1, 5),
              count = *rc::gen::inRange(1, 12);
    std::vector<int> from, to;
    for (int e = 0; e < count; ++e) {
      from.push_back(*rc::gen::inRange(0, n));
      to.push_back(*rc::gen::inRange(0, n));
    }
    nn::Parameters at;
    at.add("x", nn::Tensor::normal({n, d}, 1.0, Stream(1)), nn::Role::kOther);
    at.add("w", nn::Tensor::normal({count, 1}, 1.0, Stream(2)), nn::Role::kOther);
    const double error = gradient_error(at, [&](nn::Tape& tape, const nn::Parameters& p) {
      const nn::Edges edges = {tape.keep<int>(from), tape.keep<int>(to)};
      const nn::Var w = tape.parameter(p.get("w"));
      const nn::Var once = nn::propagate(tape.parameter(p.get("x")), w, edges);
      return probe(nn::propagate(once, w, edges));
    });
    RC_ASSERT(error < 1e-6);
  });
}

TEST_CASE("a layer is the dense matrix of its definition, graph by graph") {
  const Examples data = examples_of(kGraphs, 4, 7);
  for (const std::string aggregate : {"gcn", "mean", "sum"}) {
    CAPTURE(aggregate);
    const TrainedModel m = on_graphs(", layers = 1, aggregate = \"" + aggregate + "\"");
    const nn::Tensor read = m.activations(data, "output.in");
    const int skip = aggregate == "mean" ? 4 : 0;  // its own features come first
    REQUIRE(read.shape() == nn::Shape{20, 4 + skip});
    for (int g = 0; g < 4; ++g) {
      std::vector<double> x;
      for (int i = 0; i < 20; ++i) x.push_back(data.features.at(g, i));
      const auto expected = dense(aggregate, *data.graphs[static_cast<std::size_t>(g)], x.data());
      for (int i = 0; i < 20; ++i)
        CHECK(read.at(g * 5 + i / 4, skip + i % 4) ==
              doctest::Approx(expected[static_cast<std::size_t>(i)]).epsilon(1e-5));
    }
  }
}

TEST_CASE("without edges a graph network is a perceptron of each node, whichever its aggregation") {
  Examples data = examples_of(kGraphs, 3, 7);
  for (auto& graph : data.graphs) graph = path_graph(5, 0);
  const nn::Tensor alone = on_graphs(", aggregate = \"none\"").outputs(data);
  CHECK(on_graphs(", aggregate = \"gcn\"").outputs(data) == alone);
  CHECK(on_graphs(", aggregate = \"sum\"").outputs(data) == alone);
  CHECK_FALSE(on_graphs("").outputs(examples_of(kGraphs, 3, 7)) == alone);
}

TEST_CASE("renaming the nodes renames the outputs") {
  const TrainedModel m = on_graphs("");
  const Examples data = examples_of(kGraphs, 1, 7);
  const int order[] = {3, 0, 4, 1, 2};  // node i becomes order[i]
  Examples renamed = data;
  auto graph = std::make_shared<Graph>(*data.graphs[0]);
  for (auto* ends : {&graph->from, &graph->to})
    for (auto& node : *ends) node = order[node];
  renamed.graphs = {graph};
  for (int i = 0; i < 20; ++i) renamed.features.set(order[i / 4] * 4 + i % 4, data.features.get(i));
  const nn::Tensor before = m.outputs(data), after = m.outputs(renamed);
  for (int i = 0; i < 15; ++i)
    CHECK(after.get(order[i / 3] * 3 + i % 3) == doctest::Approx(before.get(i)).epsilon(1e-5));
}

TEST_CASE("a hook on the weights of edges cuts them") {
  const TrainedModel m = on_graphs(", aggregate = \"sum\"");
  Examples data = examples_of(kGraphs, 2, 7);
  const nn::Forward::Hook cut = [](std::string_view site, nn::Var value) {
    return site == "edges" ? nn::scale(value, 0.0) : value;
  };
  CHECK(m.activations(data, "edges").shape() == nn::Shape{10, 1});
  const nn::Tensor without = m.outputs(data, std::span(&cut, 1));
  for (auto& graph : data.graphs) graph = path_graph(5, 0);
  CHECK(m.outputs(data) == without);
}

TEST_CASE("models refuse data that they do not serve") {
  CHECK(refusal(kGraphs, "\"mlp\"") ==
        "mlp does not see edges; the data are graphs of 5 nodes of 4 features");
  CHECK(refusal(kGraphs, "\"autoencoder\"") ==
        "autoencoder does not see edges; the data are graphs of 5 nodes of 4 features");
  CHECK(refusal({false, 4, 0, 1, 3}, "\"gcn\"") == "gcn reads graphs; the data have none");
  CHECK(refusal({false, 20, 0, 1, 3, 0, 5}, "\"gcn\"") ==
        "gcn labels every node from its numbers; the data have 1 labels of 3 classes for 5 nodes");
  CHECK(refusal({false, 4, 0, 1, 0}, "\"linear\"") ==
        "linear predicts labels or targets; the data have neither");
  nn::Tape tape;
  const nn::Var x = tape.constant(nn::Tensor({2, 1})), w = tape.constant(nn::Tensor({1}));
  const int from[] = {0}, to[] = {2};
  CHECK_THROWS_WITH_AS(nn::propagate(x, w, {from, to}), "propagate: edge 0 touches row 2 of 2",
                       std::invalid_argument);
}
