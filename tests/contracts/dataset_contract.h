#pragma once

#include <algorithm>
#include <cmath>

#include "components/datasets/file.h"
#include "tests/contracts/contract.h"

namespace assay::testing {

// Edges lie between nodes, each once in each direction, ordered by `to`, then `from`.
inline void graph_contract(const Graph& graph, int nodes) {
  CHECK(graph.nodes == nodes);
  REQUIRE(graph.from.size() == graph.to.size());
  std::vector<std::pair<std::int32_t, std::int32_t>> edges, reversed;
  for (std::size_t e = 0; e < graph.to.size(); ++e) {
    edges.emplace_back(graph.to[e], graph.from[e]);
    reversed.emplace_back(graph.from[e], graph.to[e]);
    CHECK((graph.to[e] >= 0 && graph.to[e] < nodes && graph.to[e] != graph.from[e]));
  }
  CHECK(std::is_sorted(edges.begin(), edges.end()));
  CHECK(std::adjacent_find(edges.begin(), edges.end()) == edges.end());
  std::sort(reversed.begin(), reversed.end());
  CHECK(edges == reversed);
}

inline void split_contract(const Examples& split, const DataFormat& format) {
  const auto count = static_cast<std::size_t>(split.count);
  const std::size_t cells = count * static_cast<std::size_t>(format.width);
  CHECK(split.tokens.size() == (format.tokens ? cells : 0));
  CHECK(split.features.count() == static_cast<std::int64_t>(format.tokens ? 0 : cells));
  CHECK(split.labels.size() ==
        (format.classes > 0 ? count * static_cast<std::size_t>(format.positions) : 0));
  CHECK(split.targets.count() == static_cast<std::int64_t>(count) * format.targets);
  bool fits = true;
  for (const auto token : split.tokens) fits = fits && token >= 0 && token < format.vocabulary;
  bool labelled = split.labels.empty();
  for (const auto label : split.labels) {
    fits = fits && label >= -1 && label < format.classes;
    labelled = labelled || label >= 0;
  }
  CHECK_MESSAGE(labelled, "no position has a label");
  for (std::int64_t i = 0; i < split.features.count(); ++i)
    fits = fits && std::isfinite(split.features.get(i));
  for (std::int64_t i = 0; i < split.targets.count(); ++i)
    fits = fits && std::isfinite(split.targets.get(i));
  CHECK_MESSAGE(fits, "a token, label, feature or target is outside the format");
  CHECK(split.graphs.size() == (format.nodes > 0 ? count : 0));
  for (const auto& graph : split.graphs) graph_contract(*graph, format.nodes);
}

// What the data set gives; null where it is of a package that this machine has not. All that can be
// asked then is that the message tells how to get it.
inline std::shared_ptr<const Data> made(const Dataset& dataset) {
  try {
    return dataset.make();
  } catch (const NotInstalled& e) {
    CHECK_MESSAGE(std::string(e.what()).find("apt-get install ") != std::string::npos, e.what());
    return nullptr;
  }
}

// The same parameters give the same data; every split fits the format; nothing is lost on disk.
inline void dataset_contract(const std::string& text) {
  CAPTURE(text);
  const auto dataset = build<Dataset>(text);
  config_contract(*dataset);
  CHECK_MESSAGE(!draws("dataset", text), "data follow from parameters, not from the replicate");
  const auto data = made(*dataset);
  if (!data) return;
  CHECK(archive_of(*dataset->make()) == archive_of(*data));
  archive_contract(*data);
  CHECK(data->train.count > 0);
  CHECK(data->test.count > 0);
  for (const char* name : {"train", "valid", "test"}) {
    CAPTURE(name);
    split_contract(data->split(name), data->format);
  }
  CHECK_THROWS_AS(data->split("all"), std::runtime_error);
  const int rows[] = {data->train.count - 1, 0};
  const Examples two = data->train.select(rows, data->format);
  CHECK(two.count == 2);
  split_contract(two, data->format);
}

}  // namespace assay::testing
