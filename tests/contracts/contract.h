#pragma once

// What the contract suites share. A suite takes a component as a study would write it and checks
// what its kind promises; a plugin's tests include the suite of its kind and run it as ours do.

#include <doctest/doctest.h>

#include "runner/registry/stage.h"
#include "tests/components/support.h"

namespace assay::testing {

inline Archive archive_of(const Artifact& artifact) {
  Archive out;
  artifact.save(out);
  return out;
}

// An artifact comes back from its archive with nothing lost, by the loader of its type.
inline void archive_contract(const Artifact& artifact) {
  const Archive saved = archive_of(artifact);
  const auto loaded = load_artifact(artifact.type(), saved);
  REQUIRE(loaded);
  CHECK(loaded->type() == artifact.type());
  CHECK(archive_of(*loaded) == saved);
}

// The configuration of a component, written out, builds the same component.
template <class K>
void config_contract(const K& component) {
  const auto again = build<K>(component.config().text());
  CHECK(again->config() == component.config());
}

// Whether results may differ from seed to seed: said by the component or by one inside it.
inline bool draws(std::string_view kind, const std::string& text) {
  return Registry::global().canonical(kind, config::parse_value(text)).draws;
}

// A network whose weights, biases and router all have values, and data to calibrate it.
inline TrainedModel subject() {
  return model("{ use = \"moe-mlp\", hidden = 12, experts = 3, expert_hidden = 8 }", 6, 4);
}

}  // namespace assay::testing
