#pragma once

#include "components/models/model.h"
#include "components/nn/key_value_cache.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// A path through the first `linked` nodes; the others are alone.
inline std::shared_ptr<const Graph> path_graph(int nodes, int linked) {
  auto out = std::make_shared<Graph>();
  out->nodes = nodes;
  for (int to = 0; to < linked; ++to)
    for (const int from : {to - 1, to + 1})
      if (from >= 0 && from < linked) {
        out->from.push_back(from);
        out->to.push_back(to);
      }
  return out;
}
// Examples of any format, labels in turn, every seventh node of graphs without one. Graphs are
// paths of two lengths, in turn.
inline Examples examples_of(const DataFormat& format, int n, std::uint64_t seed) {
  Examples out;
  out.count = n;
  Stream stream(seed);
  if (!format.tokens) out.features = nn::Tensor::normal({n, format.width}, 1.0, Stream(seed));
  for (int i = 0; format.tokens && i < n * format.width; ++i)
    out.tokens.push_back(
        static_cast<std::int32_t>(stream.below(static_cast<std::uint64_t>(format.vocabulary))));
  for (int i = 0; format.classes > 0 && i < n * format.positions; ++i)
    out.labels.push_back(format.nodes > 0 && i % 7 == 6 ? -1 : i % format.classes);
  if (format.targets > 0)
    out.targets = nn::Tensor::normal({n, format.targets}, 1.0, Stream(seed + 1));
  const std::shared_ptr<const Graph> graphs[] = {path_graph(format.nodes, format.nodes),
                                                 path_graph(format.nodes, format.nodes / 2)};
  for (int i = 0; format.nodes > 0 && i < n; ++i) out.graphs.push_back(graphs[i % 2]);
  return out;
}

// Data of every form: numbers with a class, images, numbers alone, the next token, a label at each
// token, numbers to predict, a label at each node of a graph.
inline std::vector<DataFormat> data_formats() {
  return {{false, 6, 0, 1, 4},       {false, 16, 0, 1, 3}, {false, 6, 0, 1, 0},
          {true, 5, 4, 1, 4},        {true, 5, 4, 5, 3},   {false, 6, 0, 1, 0, 3},
          {false, 20, 0, 5, 3, 0, 5}};
}

// Every prunable layer announces what goes into it, by the name that pruners look for, and a hook
// that changes nothing changes nothing.
inline void site_contract(const TrainedModel& trained, const Examples& data) {
  const nn::Tensor plain = trained.outputs(data);
  const nn::Forward::Hook pass_on = [](std::string_view, nn::Var value) { return value; };
  CHECK(trained.outputs(data, std::span(&pass_on, 1)) == plain);
  const auto sites = trained.sites(data);
  for (const nn::Parameter& p : trained.parameters) {
    if (p.role != nn::Role::kWeight || !p.name.ends_with(".weight")) continue;
    const std::string site = p.name.substr(0, p.name.size() - 7) + ".in";
    CHECK_MESSAGE(std::find(sites.begin(), sites.end(), site) != sites.end(), "no site " << site);
    if (std::find(sites.begin(), sites.end(), site) == sites.end()) continue;
    CHECK(trained.activations(data, site).shape().back() == p.value.shape().back());
  }
}

// A head's site holds its columns of what all heads give, and what a hook makes of it goes on.
inline void head_contract(const TrainedModel& trained, const Examples& data) {
  const auto sites = trained.sites(data);
  const nn::Tensor plain = trained.outputs(data);
  for (const std::string& site : sites) {
    if (!site.ends_with(".heads")) continue;
    CAPTURE(site);
    const nn::Tensor all = trained.activations(data, site);
    int first = 0;
    for (int h = 0; first < all.shape().back(); ++h) {
      const std::string name = site.substr(0, site.size() - 1) + std::to_string(h);
      REQUIRE(std::find(sites.begin(), sites.end(), name) != sites.end());
      const nn::Tensor head = trained.activations(data, name);
      const int width = head.shape().back();
      for (std::int64_t i = 0; i < head.count(); ++i)
        REQUIRE(head.get(i) ==
                all.at(static_cast<int>(i / width), first + static_cast<int>(i % width)));
      const nn::Forward::Hook silence = [&](std::string_view at, nn::Var value) {
        return at == name ? nn::scale(value, 0.0) : value;
      };
      const nn::Forward::Hook columns = [&](std::string_view at, nn::Var value) {
        if (at != site) return value;
        nn::Tensor keep = nn::Tensor::full({all.shape().back()}, 1.0);
        for (int j = first; j < first + width; ++j) keep.set(j, 0.0);
        return nn::multiply_row(value, value.tape->constant(keep));
      };
      const nn::Tensor silent = trained.outputs(data, std::span(&silence, 1));
      CHECK(silent == trained.outputs(data, std::span(&columns, 1)));
      CHECK_FALSE(silent == plain);
      first += width;
    }
    CHECK(first == all.shape().back());
  }
}

// Token by token from a cache, the outputs are those of whole examples. Sums of another order
// differ by some roundings, 1e-4 of numbers of order one.
inline void cache_contract(const TrainedModel& trained, const Examples& data) {
  const DataFormat& format = trained.format;
  if (!trained.model->incremental() || !format.tokens) return;
  const nn::Tensor whole = trained.outputs(data);
  nn::KeyValueCache cache(data.count, format.width);
  nn::Tape tape;
  nn::Forward pass(tape, trained.parameters, false, Stream(1));
  pass.set_cache(&cache);
  for (int t = 0; t < format.width; ++t) {
    Examples now;
    now.count = data.count;
    for (int i = 0; i < data.count; ++i)
      now.tokens.push_back(data.tokens[static_cast<std::size_t>(i * format.width + t)]);
    pass.begin(Stream(1));
    const nn::Tensor& out = tape.value(trained.model->forward(pass, format, now));
    cache.advance(1);
    REQUIRE(out.count() == std::int64_t{data.count} * format.classes);
    if (format.positions == 1 && t + 1 < format.width) continue;
    const int first = format.positions == 1 ? 0 : t * format.classes;
    for (std::int64_t i = 0; i < out.count(); ++i)
      CHECK(out.get(i) == doctest::Approx(whole.at(static_cast<int>(i / format.classes),
                                                   first + static_cast<int>(i % format.classes)))
                              .epsilon(1e-4));
  }
}

inline void model_laws(const std::shared_ptr<const Model>& network, const DataFormat& format,
                       bool exact) {
  TrainedModel trained;
  trained.model = network;
  trained.format = format;
  network->declare(trained.parameters, format, Stream(3));
  TrainedModel again = trained;
  again.parameters = {};
  network->declare(again.parameters, format, Stream(3));
  CHECK(archive_of(again) == archive_of(trained));

  const Examples data = examples_of(format, 40, 5);
  const nn::Tensor out = trained.outputs(data);
  const int width = out.shape().back();
  REQUIRE(out.shape()[0] == data.count);
  const Model::Output output = network->output(format);
  CHECK(width == (output == Model::Output::kLabels    ? format.positions * format.classes
                  : output == Model::Output::kTargets ? format.targets
                                                      : input_width(format)));
  for (std::int64_t i = 0; i < out.count(); ++i) REQUIRE(std::isfinite(out.get(i)));
  CHECK(trained.outputs(data) == out);
  archive_contract(trained);
  CHECK(TrainedModel::load(archive_of(trained))->outputs(data) == out);
  site_contract(trained, data);
  head_contract(trained, data);
  cache_contract(trained, data);

  const double work = network->multiply_adds(trained.parameters, format);
  CHECK(work > 0.0);
  for (nn::Parameter& p : trained.parameters)
    if (p.role == nn::Role::kWeight) p.mask = nn::Tensor(p.value.shape());
  CHECK(network->multiply_adds(trained.parameters, format) < work);

  const Examples batch = examples_of(format, 7, 6);
  const LossFn loss = [&](nn::Tape& tape, const nn::Parameters& at) {
    nn::Forward pass(tape, at, true, Stream(9));
    return total_loss(probe(network->forward(pass, format, batch)), pass);
  };
  if (exact) CHECK(gradient_error(jittered(again.parameters), loss) < 1e-5);
}

// A model serves some forms of data and refuses the others by std::runtime_error when it declares
// its parameters. Where it serves: the same stream gives the same parameters; outputs are n x
// (positions * classes), n x targets or the input's width, as output() says; nothing is lost on
// disk; layers and heads announce their sites; one that goes on from a cache gives what it gives
// for whole examples; removing weights lowers the multiply-adds; gradients are right.
inline void model_contract(const std::string& text) {
  CAPTURE(text);
  const auto network = build<Model>(text);
  config_contract(*network);
  int served = 0;
  for (const DataFormat& format : data_formats()) {
    CAPTURE(format.tokens);
    CAPTURE(format.positions);
    CAPTURE(format.classes);
    CAPTURE(format.targets);
    bool serves = true;
    try {
      nn::Parameters unused;
      network->declare(unused, format, Stream(3));
    } catch (const std::runtime_error&) {
      serves = false;
    }
    if (!serves) continue;
    ++served;
    model_laws(network, format, exact_gradient("model", text));
  }
  CHECK(served > 0);
}

}  // namespace assay::testing
