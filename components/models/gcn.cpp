// A graph network that labels every node: layers h' = relu(W a(h) + b), the last without relu,
// where a mixes each node with its neighbours:
//   gcn   D^-1/2 (A + I) D^-1/2 h, D the degrees of A + I (Kipf and Welling 2016, eq. 2);
//   mean  [h, the mean over neighbours] (Hamilton et al. 2017, algorithm 1, without its norms);
//   sum   h + the sum over neighbours (Xu et al. 2018, eq. 4.1 with epsilon 0; one layer follows
//   the
//         sum where they have a perceptron of two);
//   none  h: a perceptron of the node's own features, the baseline that does not see the edges.
// Graphs have each edge in both directions and no edge from a node to itself. Weights of edges pass
// the site "edges" (one row an edge, in the order of Graph), so that a hook can gate them.
#include <cmath>

#include "components/models/model.h"
#include "components/nn/graph.h"

namespace assay::models {
namespace {

struct Gcn final : Model {
  enum class Aggregate { kGcn, kMean, kSum, kNone };
  static constexpr Info kInfo{"gcn", 1, "Graph convolutional network.",
                              "Kipf and Welling 2016, arXiv:1609.02907, eq. 2; Hamilton et al. "
                              "2017, arXiv:1706.02216; Xu et al. 2018, arXiv:1810.00826"};
  static constexpr std::string_view kExample = "hidden = 5";
  Aggregate aggregate = Aggregate::kGcn;
  int layers = 2;
  int hidden = 16;
  double dropout = 0.5;

  static void params(Params<Gcn>& p) {
    p.add("aggregate", &Gcn::aggregate, {"gcn", "mean", "sum", "none"})
        .doc("How a node sees its neighbours; none: not at all.");
    p.add("layers", &Gcn::layers)
        .range(1, 64)
        .unit("layers")
        .doc("How far a node sees.")
        .source("Kipf and Welling 2016, section 5.2");
    p.add("hidden", &Gcn::hidden)
        .range(1, 65536)
        .unit("units")
        .doc("Width of each layer but the last.")
        .source("Kipf and Welling 2016, section 5.2");
    p.add("dropout", &Gcn::dropout)
        .neutral(0.0)
        .range(0, 0.99)
        .doc("Of what each layer reads, in training.")
        .source("Kipf and Welling 2016, section 5.2");
  }

  // What the layers of a pass share. `own` scales a node beside its neighbours.
  struct Batch {
    nn::Edges edges;
    nn::Var weights, own;
  };

  static nn::Name layer(int i) { return nn::Name("hidden", i + 1); }

  void declare(nn::Parameters& out, const DataFormat& format, const Stream& init) const override {
    if (format.nodes < 1) throw std::runtime_error("gcn reads graphs; the data have none");
    if (format.classes < 1 || format.positions != format.nodes || format.tokens)
      throw std::runtime_error("gcn labels every node from its numbers; the data have " +
                               std::to_string(format.positions) + " labels of " +
                               std::to_string(format.classes) + " classes for " +
                               std::to_string(format.nodes) + " nodes");
    const int parts = aggregate == Aggregate::kMean ? 2 : 1;
    int width = format.width / format.nodes;
    for (int i = 0; i + 1 < layers; ++i, width = hidden)
      nn::declare_linear(out, layer(i), parts * width, hidden, 2.0, init);
    nn::declare_linear(out, "output", parts * width, format.classes, 1.0, init);
  }

  nn::Var forward(nn::Forward& pass, const DataFormat& format,
                  const Examples& batch) const override {
    const int rows = batch.count * format.nodes;
    nn::Var h = pass.site(
        "input", nn::reshape(input_of(pass, format, batch), {rows, format.width / format.nodes}));
    Batch graph;
    if (aggregate != Aggregate::kNone) graph = batch_of(pass, format, batch);
    for (int i = 0; i < layers; ++i) {
      const bool last = i + 1 == layers;
      if (pass.training() && dropout > 0)
        h = nn::dropout(h, dropout, pass.stream(nn::Name("dropout", i + 1)));
      h = pass.linear(last ? nn::Name("output") : layer(i), mix(graph, h),
                      last ? nn::Activation::kNone : nn::Activation::kRelu);
    }
    return nn::reshape(h, {batch.count, format.nodes * format.classes});
  }

  // Every weight acts at each node. Sums over edges are not counted: a format does not know them.
  double multiply_adds(const nn::Parameters& parameters, const DataFormat& format) const override {
    return kept_weights(parameters) * format.nodes;
  }

 private:
  nn::Var mix(const Batch& graph, nn::Var h) const {
    if (aggregate == Aggregate::kNone) return h;
    const nn::Var neighbours = nn::propagate(h, graph.weights, graph.edges);
    if (aggregate == Aggregate::kSum) return nn::add(h, neighbours);
    if (aggregate == Aggregate::kGcn) return nn::add(nn::multiply_column(h, graph.own), neighbours);
    const nn::Var both[] = {h, neighbours};
    return nn::concat_columns(both);
  }

  // The graphs side by side: node j of example i is row i * nodes + j.
  static nn::Edges side_by_side(nn::Tape& tape, const Examples& batch, int nodes) {
    std::size_t count = 0;
    for (const auto& graph : batch.graphs) count += graph->from.size();
    const auto from = tape.scratch<int>(count), to = tape.scratch<int>(count);
    std::size_t e = 0;
    for (std::size_t i = 0; i < batch.graphs.size(); ++i) {
      const Graph& graph = *batch.graphs[i];
      const int first = static_cast<int>(i) * nodes;
      for (std::size_t k = 0; k < graph.from.size(); ++k, ++e) {
        from[e] = first + graph.from[k];
        to[e] = first + graph.to[k];
      }
    }
    return {from, to};
  }

  Batch batch_of(nn::Forward& pass, const DataFormat& format, const Examples& batch) const {
    nn::Tape& tape = pass.tape();
    const nn::Edges edges = side_by_side(tape, batch, format.nodes);
    const int rows = batch.count * format.nodes, count = static_cast<int>(edges.to.size());
    const auto degrees = tape.scratch<int>(static_cast<std::size_t>(rows));
    std::fill(degrees.begin(), degrees.end(), 0);
    const auto degree = [&](int row) -> int& { return degrees[static_cast<std::size_t>(row)]; };
    for (const int row : edges.to) ++degree(row);
    Batch out;
    out.edges = edges;
    out.weights = pass.site("edges", tape.constant({count, 1}, [&](nn::Tensor& w) {
      for (int k = 0; k < count; ++k) {
        const auto e = static_cast<std::size_t>(k);
        w.set(k, edge_weight(degree(edges.from[e]), degree(edges.to[e])));
      }
    }));
    if (aggregate == Aggregate::kGcn)
      out.own = tape.constant({rows}, [&](nn::Tensor& own) {
        for (int i = 0; i < rows; ++i) own.set(i, 1.0 / (degree(i) + 1));
      });
    return out;
  }

  double edge_weight(int degree_from, int degree_to) const {
    if (aggregate == Aggregate::kSum) return 1.0;
    if (aggregate == Aggregate::kMean) return 1.0 / degree_to;
    return 1.0 / std::sqrt((degree_from + 1.0) * (degree_to + 1.0));
  }
};
ASSAY_REGISTER(Model, Gcn);

}  // namespace
}  // namespace assay::models
