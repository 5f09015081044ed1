#pragma once

#include <map>

#include "tests/contracts/contract.h"

namespace assay::testing {

using Inputs = std::map<std::string, std::shared_ptr<const Artifact>>;

struct Ran {
  std::shared_ptr<const Artifact> artifact;
  std::vector<Measured> metrics;
  std::vector<Curve> curves;
};

// Keeps every state that a stage leaves, and gives it the one to begin with.
struct States final : Midway {
  std::optional<Archive> first;
  std::vector<Archive> left;
  std::optional<Archive> latest() const override { return first; }
  double age() const override { return 1.0; }
  double interval() const override { return 0.0; }
  void save(const Archive& state) override { left.push_back(state); }
};

inline Ran run_stage(const Stage& stage, const Inputs& inputs, std::uint64_t replicate,
                     Midway* midway = nullptr) {
  StageContext context(
      {11, replicate, "it"}, [&](const std::string& name) { return inputs.at(name); }, 1, nullptr,
      midway);
  Ran out;
  out.artifact = stage.run(context);
  out.metrics = context.metrics();
  out.curves = context.curves();
  return out;
}

inline void same_run(const Ran& a, const Ran& b) {
  CHECK(archive_of(*a.artifact) == archive_of(*b.artifact));
  CHECK(a.metrics == b.metrics);
  CHECK(a.curves == b.curves);
}

// A stage gives the type that it promises; the same seeds give the same result, and any seeds do
// where nothing draws, because its key then leaves the replicate out; inputs stay as they were; a
// loaded checkpoint is the artifact; from any state that it leaves on the way it goes on to the
// same result.
inline void stage_contract(const std::string& text, const Inputs& inputs) {
  CAPTURE(text);
  const auto stage = build<Stage>(text);
  config_contract(*stage);
  std::map<std::string, Archive> before;
  for (const auto& [name, artifact] : inputs) before[name] = archive_of(*artifact);
  const Ran first = run_stage(*stage, inputs, 0);
  REQUIRE(first.artifact);
  CHECK(first.artifact->type() == stage->spec().gives);
  archive_contract(*first.artifact);
  same_run(first, run_stage(*stage, inputs, 0));
  if (!draws("stage", text)) same_run(first, run_stage(*stage, inputs, 1));
  States states;
  same_run(first, run_stage(*stage, inputs, 0, &states));
  for (std::size_t i = 0; i < states.left.size(); i += 1 + states.left.size() / 4) {
    States from;
    from.first = states.left[i];
    same_run(first, run_stage(*stage, inputs, 0, &from));
    CHECK(from.left.size() == states.left.size() - i);
  }
  for (const auto& [name, artifact] : inputs) CHECK(archive_of(*artifact) == before[name]);
}

}  // namespace assay::testing
