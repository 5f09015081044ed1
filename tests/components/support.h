#pragma once

#include <memory>
#include <string>

#include "components/models/model.h"
#include "runner/config/parse.h"

namespace assay::testing {

// A component from the text that a study would hold, e.g. { use = "wanda", sparsity = 0.5 }.
template <class K>
std::shared_ptr<const K> build(const std::string& text) {
  const Value value = config::parse_value(text);
  Diagnostics out;
  Registry::global().validate(K::kKind, value, "it", {}, out);
  REQUIRE_MESSAGE(out.ok(), out.render());
  return Registry::global().build<K>(value);
}

// What validation says of a component, without its position; empty where it is valid.
inline std::string error_of(std::string_view kind, const std::string& text) {
  Diagnostics out;
  Registry::global().validate(kind, config::parse_value(text), "it", {}, out);
  return out.ok() ? "" : out.sorted().front().text;
}
template <class K>
std::string error_of(const std::string& text) {
  return error_of(K::kKind, text);
}

// `n` examples of normal features with labels 0 … classes-1 in turn.
inline Examples examples(int n, int width, int classes, int seed) {
  Examples out;
  out.count = n;
  out.features = nn::Tensor::normal({n, width}, 1.0, Stream(static_cast<std::uint64_t>(seed)));
  for (int i = 0; i < n; ++i) out.labels.push_back(i % classes);
  return out;
}

// An untrained model on `width` features and `classes` classes.
inline TrainedModel model(const std::string& text, int width, int classes) {
  TrainedModel out;
  out.model = build<Model>(text);
  out.format = {false, width, 0, 1, classes};
  out.model->declare(out.parameters, out.format, Stream(5));
  return out;
}

}  // namespace assay::testing
