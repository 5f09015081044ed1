#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "components/nn/tensor.h"
#include "runner/registry/stage.h"

namespace assay {

// What an example looks like. Features are n x width numbers; tokens are n x width integers in
// 0 … vocabulary-1. Labels are n x positions integers in 0 … classes-1 (classes 0: no labels), or
// -1 where a position has none. Targets are n x targets numbers to predict. An example may be a
// graph: then its features are nodes x (width / nodes), and positions = nodes.
struct DataFormat {
  bool tokens = false;
  int width = 0;
  int vocabulary = 0;
  int positions = 1;
  int classes = 0;
  int targets = 0;
  int nodes = 0;
  bool operator==(const DataFormat&) const = default;
};
Array format_array(const DataFormat& format);
DataFormat format_of(const Array& array);

// The edges of a graph, each direction on its own, ordered by `to`, then `from`.
struct Graph {
  int nodes = 0;
  std::vector<std::int32_t> from, to;  // edges
  bool operator==(const Graph&) const = default;
};

struct Examples {
  int count = 0;
  nn::Tensor features;               // count x width, float; empty for tokens
  std::vector<std::int32_t> tokens;  // count x width; empty for features
  std::vector<std::int32_t> labels;  // count x positions
  nn::Tensor targets;                // count x targets, float; empty without
  nn::Tensor teacher;  // count x outputs of a model to learn from, where training has one
  // Which example of the split each one is, where it was selected from one.
  std::vector<std::int32_t> rows;
  // count, where examples are graphs; shared by the examples that are the same graph.
  std::vector<std::shared_ptr<const Graph>> graphs;
  // count, float: for models that turn noise into data, how far each example is on the way, from 0
  // (noise) to 1 (data). Set by objectives and samplers, not by data sets.
  nn::Tensor times;
  // The examples at these indices, in this order.
  Examples select(std::span<const int> rows, const DataFormat& format) const;
  void select(std::span<const int> rows, const DataFormat& format, Examples& out) const;
  // The first `most` examples, or all where there are fewer.
  Examples first(int most, const DataFormat& format) const;
};

// A data set, split. Normalised by the statistics of the training split alone.
class Data final : public Artifact {
 public:
  static constexpr std::string_view kType = "dataset";
  std::string name;
  DataFormat format;
  Examples train, valid, test;
  std::map<std::string, nn::Tensor> truth;  // of generators: "dictionary", "codes", …
  std::vector<std::string> symbols;         // text of each token or class, where there is one

  // "train", "valid" or "test".
  const Examples& split(std::string_view name) const;

  std::string_view type() const override { return kType; }
  void save(Archive& out) const override;
  std::size_t bytes() const override;
  static std::shared_ptr<const Data> load(const Archive& in);
};

// Gives a data set. The same parameters always give the same data: what is random in it (a split, a
// generator) follows from a parameter (`split`, `draw`), not from the replicate.
class Dataset : public Component {
 public:
  static constexpr std::string_view kKind = "dataset";
  virtual std::shared_ptr<const Data> make() const = 0;
};

// As sha256sum prints it.
std::string sha256(const std::string& bytes);
// The folder with the shipped data: $ASSAY_DATASETS, else the one beside the binary or the source.
std::string datasets_folder();
// Bytes of a shipped file (decompressed where it ends in .gz), its SHA-256 checked against
// datasets/manifest.toml. Throws std::runtime_error naming the file.
std::string read_dataset_file(const std::string& name);

}  // namespace assay
