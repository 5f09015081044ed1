// The layer of experts with routers that leave rows out, capacities, and slots.
#include "components/models/mixture_of_experts.h"

#include <cmath>
#include <set>

#include "tests/contracts/model_contract.h"

using namespace assay;
using namespace assay::testing;

namespace {

struct Run {
  nn::Tensor out;
  std::map<std::string, nn::Tensor> statistics;
};

Run run(const MixtureOfExperts& layer, const Router& router, const nn::Parameters& parameters,
        const nn::Tensor& x, int length = 1) {
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(3));
  const nn::Var in = tape.constant(x);
  Run out{tape.value(layer.apply(pass, "", router, in, in, length)), {}};
  for (const auto& statistic : pass.statistics()) out.statistics[statistic.name] = statistic.value;
  return out;
}

// relu perceptron e of one row, by the definition.
std::vector<double> expert(const nn::Parameters& parameters, int e, const std::vector<double>& x) {
  const std::string name = "experts." + std::to_string(e);
  const auto layer = [&](const std::string& part, const std::vector<double>& in) {
    const nn::Tensor &w = parameters.get(name + part + ".weight").value,
                     &b = parameters.get(name + part + ".bias").value;
    std::vector<double> out;
    for (int i = 0; i < w.shape()[0]; ++i) {
      out.push_back(b.get(i));
      for (std::size_t j = 0; j < in.size(); ++j)
        out.back() += w.at(i, static_cast<int>(j)) * in[j];
    }
    return out;
  };
  std::vector<double> hidden = layer(".up", x);
  for (double& h : hidden) h = std::max(0.0, h);
  return layer(".down", hidden);
}

std::vector<double> row(const nn::Tensor& x, int i) {
  std::vector<double> out;
  for (int j = 0; j < x.shape().back(); ++j) out.push_back(x.at(i, j));
  return out;
}

}  // namespace

TEST_CASE("rows that expert choice leaves out pass unchanged, and the others sum their experts") {
  const auto router = build<Router>("{ use = \"expert-choice\", capacity_factor = 0.5 }");
  const MixtureOfExperts layer{4, 5};
  nn::Parameters parameters;
  layer.declare(parameters, "", *router, 3, Stream(1));
  const nn::Tensor x = nn::Tensor::normal({16, 3}, 1.0, Stream(2));
  const Run got = run(layer, *router, parameters, x);
  nn::Tape tape;
  nn::Forward pass(tape, parameters, false, Stream(3));
  const Assignment to = router->route(pass, "router", tape.constant(x), 4);
  int without = 0;
  for (int i = 0; i < 16; ++i) {
    std::vector<double> expected = row(x, i);
    bool any = false;
    for (int j = 0; j < to.k; ++j) {
      const int e = to.experts[static_cast<std::size_t>(i * to.k + j)];
      if (e < 0) continue;
      any = true;
      const auto added = expert(parameters, e, row(x, i));
      for (std::size_t d = 0; d < 3; ++d) expected[d] += tape.value(to.weights).at(i, j) * added[d];
    }
    without += any ? 0 : 1;
    for (int d = 0; d < 3; ++d)
      CHECK(got.out.at(i, d) == doctest::Approx(expected[static_cast<std::size_t>(d)]));
  }
  CHECK(without >= 8);  // 4 experts take 2 rows each
  const nn::Tensor& dropped = got.statistics.at("router.dropped");
  CHECK(dropped.get(0) == 16);
  CHECK(dropped.get(1) == without);
  CHECK(dropped.get(2) == 0);
}

TEST_CASE("a capacity is never exceeded, and what it refuses is counted") {
  const auto router = build<Router>("{ use = \"topk-softmax\", k = 2, balance = 0.0 }");
  const MixtureOfExperts all{4, 3}, limited{4, 3, nn::Activation::kRelu, 0.75};
  nn::Parameters parameters;
  all.declare(parameters, "", *router, 3, Stream(1));
  for (const int n : {1, 7, 40}) {
    CAPTURE(n);
    const nn::Tensor x = nn::Tensor::normal({n, 3}, 1.0, Stream(2));
    const Run got = run(limited, *router, parameters, x);
    const nn::Tensor &to = got.statistics.at("router.routed_to"),
                     &dropped = got.statistics.at("router.dropped"),
                     &load = got.statistics.at("router.load");
    std::map<int, double> computed;
    double without = 0.0, refused = 0.0;
    for (int i = 0; i < n; ++i) {
      const int first = static_cast<int>(to.at(i, 0)), second = static_cast<int>(to.at(i, 1));
      CHECK((first >= 0 || second < 0));  // what there is comes first
      for (const int e : {first, second}) computed[e] += 1.0;
      without += first < 0 ? 1.0 : 0.0;
      if (first >= 0) continue;
      for (int d = 0; d < 3; ++d) CHECK(got.out.at(i, d) == x.at(i, d));
    }
    for (int e = 0; e < 4; ++e) {
      CHECK(computed[e] == std::min(load.get(e), std::ceil(0.75 * 2 * n / 4)));
      refused += load.get(e) - computed[e];
    }
    CHECK(dropped.get(1) == without);
    CHECK(dropped.get(2) == refused);
  }
}

namespace {

// Which experts compute each row when rows enter in the order of their largest weight, first
// choices before second ones (Riquelme et al. 2021, algorithms 1 and 2), `most` for each expert.
std::vector<std::set<int>> admitted(const Assignment& to, const nn::Tensor& w, int experts,
                                    int most) {
  const int n = w.shape()[0];
  std::vector<std::vector<std::pair<double, int>>> choices;  // of each row, the best first
  std::vector<std::pair<double, int>> order;
  for (int i = 0; i < n; ++i) {
    auto& row = choices.emplace_back();
    for (int j = 0; j < to.k; ++j) {
      const int e = to.experts[static_cast<std::size_t>(i * to.k + j)];
      if (e >= 0) row.emplace_back(-w.at(i, j), e);
    }
    std::stable_sort(row.begin(), row.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    order.emplace_back(row.empty() ? 0.0 : row[0].first, i);
  }
  std::sort(order.begin(), order.end());
  std::vector<int> taken(static_cast<std::size_t>(experts));
  std::vector<std::set<int>> out(static_cast<std::size_t>(n));
  for (std::size_t choice = 0; choice < static_cast<std::size_t>(to.k); ++choice)
    for (const auto& [priority, row] : order) {
      const auto& mine = choices[static_cast<std::size_t>(row)];
      if (choice >= mine.size()) continue;
      const int e = mine[choice].second;
      if (++taken[static_cast<std::size_t>(e)] <= most)
        out[static_cast<std::size_t>(row)].insert(e);
    }
  return out;
}

}  // namespace

TEST_CASE("with a batch's priorities the rows of the largest weights are computed") {
  for (const std::string text :
       {"{ use = \"topk-softmax\", normalise = \"all\" }", "{ use = \"topk-softmax\", k = 3 }",
        "\"switch\"", "\"random\"", "\"round-robin\"", "{ use = \"sigmoid-bias\", k = 3 }",
        "{ use = \"expert-choice\", capacity_factor = 1.5 }"})
    for (const int n : {1, 7, 40})
      for (const double capacity : {0.3, 0.75, 2.0}) {
        CAPTURE(text);
        CAPTURE(n);
        CAPTURE(capacity);
        const auto router = build<Router>(text);
        const MixtureOfExperts limited{4, 3, nn::Activation::kRelu, capacity},
            layer{4, 3, nn::Activation::kRelu, capacity, true};
        nn::Parameters parameters;
        layer.declare(parameters, "", *router, 3, Stream(1));
        const nn::Tensor x = nn::Tensor::normal({n, 3}, 1.0, Stream(2));
        const Run got = run(layer, *router, parameters, x),
                  in_place = run(limited, *router, parameters, x);
        nn::Tape tape;
        nn::Forward pass(tape, parameters, false, Stream(3));
        const Assignment to = router->route(pass, "router", tape.constant(x), 4);
        const auto assigned =
            std::count_if(to.experts.begin(), to.experts.end(), [](int e) { return e >= 0; });
        const nn::Tensor& w = tape.value(to.weights);
        const auto expected =
            admitted(to, w, 4, static_cast<int>(std::ceil(capacity * assigned / 4.0)));
        const nn::Tensor &chosen = got.statistics.at("router.routed_to"),
                         &with = got.statistics.at("router.routed_with");
        for (int i = 0; i < n; ++i) {
          std::set<int> computed;
          for (int j = 0; j < to.k; ++j) {
            const int e = static_cast<int>(chosen.at(i, j));
            if (e < 0) CHECK(with.at(i, j) == 0.0);
            if (e < 0) continue;
            computed.insert(e);
            for (int other = 0; other < to.k; ++other)
              if (to.experts[static_cast<std::size_t>(i * to.k + other)] == e)
                CHECK(with.at(i, j) == w.at(i, other));
          }
          CHECK(computed == expected[static_cast<std::size_t>(i)]);
        }
        // Who comes first changes which assignments are refused, not how many.
        CHECK(got.statistics.at("router.dropped").get(2) ==
              in_place.statistics.at("router.dropped").get(2));
        if (capacity == 2.0 && n == 40 && text == "\"round-robin\"") CHECK(got.out == in_place.out);
      }
}

TEST_CASE("soft routing is the paper's sum over slots, in each sequence on its own") {
  const auto router = build<Router>("{ use = \"soft\", slots = 2 }");
  const int experts = 3, all = 6, length = 4, d = 5;
  const MixtureOfExperts layer{experts, 7};
  nn::Parameters parameters;
  layer.declare(parameters, "", *router, d, Stream(1));
  parameters.get("router.scale").value.set(0, 3.0);
  const nn::Tensor x = nn::Tensor::normal({2 * length, d}, 1.0, Stream(2));
  const Run got = run(layer, *router, parameters, x, length);
  const nn::Tensor& phi = parameters.get("router.weight").value;
  const auto unit = [](std::vector<double> v) {
    double norm = 0.0;
    for (const double each : v) norm += each * each;
    for (double& each : v) each /= std::sqrt(norm);
    return v;
  };
  for (int sequence = 0; sequence < 2; ++sequence) {
    double e[4][6] = {};  // exp of the logits, token x slot
    for (int t = 0; t < length; ++t)
      for (int s = 0; s < all; ++s) {
        const auto a = unit(row(x, sequence * length + t)), b = unit(row(phi, s));
        double dot = 0.0;
        for (std::size_t j = 0; j < a.size(); ++j) dot += a[j] * b[j];
        e[t][s] = std::exp(3.0 * dot);
      }
    std::vector<std::vector<double>> results;
    for (int s = 0; s < all; ++s) {
      double sum = 0.0;
      std::vector<double> in(d);
      for (int t = 0; t < length; ++t) sum += e[t][s];
      for (int t = 0; t < length; ++t)
        for (int j = 0; j < d; ++j)
          in[static_cast<std::size_t>(j)] += e[t][s] / sum * x.at(sequence * length + t, j);
      results.push_back(expert(parameters, s / 2, in));
    }
    for (int t = 0; t < length; ++t) {
      double sum = 0.0;
      for (const double each : e[t]) sum += each;
      for (int j = 0; j < d; ++j) {
        double expected = x.at(sequence * length + t, j);
        for (std::size_t s = 0; s < 6; ++s)
          expected += e[t][s] / sum * results[s][static_cast<std::size_t>(j)];
        CHECK(got.out.at(sequence * length + t, j) == doctest::Approx(expected).epsilon(1e-4));
      }
    }
  }
  CHECK(got.statistics.at("router.dropped").get(1) == 0);
  CHECK(got.statistics.at("router.load").get(2) == 4);
  // Two slots of three experts see two of four rows' worth each: 6 / 4 visits a row of a third of
  // the weights, and as many products again to mix and to spread.
  CHECK(layer.multiply_adds(*router, 300, d, length) == 300.0 * 2 / 4 + 2 * all * d);
  CHECK(layer.multiply_adds(*router, 300, d) == 300.0);
}

TEST_CASE("models of experts keep the contract with every router") {
  // Two experts, so that the contract's few examples reach each of them.
  for (const std::string& text : examples_of_kind("router")) {
    model_contract(
        "{ use = \"moe-mlp\", hidden = 5, experts = 2, expert_hidden = 4, router = " + text + " }");
    model_contract(
        "{ use = \"transformer\", width = 4, hidden = 5, blocks = 1, experts = 2, mixer = { use = "
        "\"attention\", causal = false }, router = " +
        text + " }");
  }
  model_contract(
      "{ use = \"moe-mlp\", hidden = 5, experts = 2, expert_hidden = 4, shared_expert = true }");
  model_contract(
      "{ use = \"moe-mlp\", hidden = 5, experts = 2, expert_hidden = 4, capacity = 0.6, "
      "batch_prioritised = true }");
  model_contract(
      "{ use = \"moe-mlp\", hidden = 5, experts = 2, expert_hidden = 4, shared_gate = \"glu\" }");
}

TEST_CASE("of a row that a closed gate stops nothing comes through") {
  const std::string open = "{ use = \"moe-mlp\", hidden = 4, experts = 3, expert_hidden = 2 }";
  const std::string closed =
      "{ use = \"moe-mlp\", hidden = 4, experts = 3, expert_hidden = 2, shared_gate = "
      "\"always-closed\" }";
  const Examples data = examples(6, 4, 3, 2);
  const auto first_differs = [&](const std::string& text) {
    const nn::Tensor out = model(text, 4, 3).outputs(data);
    return row(out, 0) != row(out, 1);
  };
  CHECK(first_differs(open));
  CHECK(!first_differs(closed));
}

TEST_CASE("a shared expert sees every row") {
  const TrainedModel with = model(
      "{ use = \"moe-mlp\", hidden = 4, experts = 3, expert_hidden = 2, shared_expert = true }", 4,
      3);
  const TrainedModel without =
      model("{ use = \"moe-mlp\", hidden = 4, experts = 3, expert_hidden = 2 }", 4, 3);
  const Examples data = examples(30, 4, 3, 2);
  CHECK(with.activations(data, "shared_expert.up").shape() == nn::Shape{30, 2});
  CHECK(with.model->multiply_adds(with.parameters, with.format) ==
        without.model->multiply_adds(without.parameters, without.format) + 2 * 4 * 2);
}

TEST_CASE("a causal transformer refuses to mix positions") {
  CHECK(error_of("model", "{ use = \"transformer\", experts = 4, router = \"soft\" }")
            .ends_with("router: \"soft\" mixes later positions into earlier ones; it needs a mixer "
                       "with causal = false"));
  CHECK(build<Model>("{ use = \"transformer\", experts = 4 }")->incremental());
  CHECK_FALSE(build<Model>("{ use = \"transformer\", experts = 4, router = \"expert-choice\" }")
                  ->incremental());
  CHECK_FALSE(
      build<Model>("{ use = \"transformer\", experts = 4, capacity = 1.0 }")->incremental());
}
