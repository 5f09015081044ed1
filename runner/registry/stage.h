#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runner/registry/archive.h"
#include "runner/registry/component.h"
#include "runner/registry/random.h"
#include "runner/registry/registry.h"

namespace assay {

// A typed value that a stage gives to others; immutable, shared between threads. A type T has
// `static constexpr std::string_view kType` and `static std::shared_ptr<const T> load(const
// Archive&)`, and is registered with ASSAY_ARTIFACT(T).
class Artifact {
 public:
  Artifact() = default;
  Artifact(const Artifact&) = default;
  Artifact& operator=(const Artifact&) = default;
  Artifact(Artifact&&) = default;
  Artifact& operator=(Artifact&&) = default;
  virtual ~Artifact() = default;
  virtual std::string_view type() const = 0;
  virtual void save(Archive& out) const = 0;
  virtual std::size_t bytes() const = 0;  // in memory, roughly: for the memory budget
  // The first of what it holds in words, where it can be read; empty where it cannot.
  virtual std::string preview(int /*most*/) const { return {}; }
};

// What a stage without a result gives: only its metrics matter.
class NoArtifact final : public Artifact {
 public:
  static constexpr std::string_view kType = "none";
  std::string_view type() const override { return kType; }
  void save(Archive& /*out*/) const override {}
  std::size_t bytes() const override { return 0; }
  static std::shared_ptr<const NoArtifact> load(const Archive& in);
};

// A metric as a function of a step: a loss over training, for one.
struct Curve {
  std::string name;
  std::vector<double> step;
  std::vector<double> value;
  bool operator==(const Curve&) const = default;
};

struct Measured {
  std::string name;
  double value = 0.0;
  bool operator==(const Measured&) const = default;
};

// Where a long stage leaves its state, so that a run that was killed goes on from there.
class Midway {
 public:
  Midway() = default;
  Midway(const Midway&) = delete;
  Midway& operator=(const Midway&) = delete;
  virtual ~Midway() = default;
  // The newest state that was left, if any.
  virtual std::optional<Archive> latest() const = 0;
  // Seconds since the stage began or last left its state.
  virtual double age() const = 0;
  virtual double interval() const = 0;  // seconds between two states
  virtual void save(const Archive& state) = 0;
};

// What a stage may use while it runs.
class StageContext {
 public:
  struct Seeds {
    std::uint64_t study = 0;
    std::uint64_t replicate = 0;
    std::string stage;
  };
  using Lookup = std::function<std::shared_ptr<const Artifact>(const std::string& stage)>;

  StageContext(Seeds seeds, Lookup lookup, int cores, const std::atomic<bool>* stop,
               Midway* midway = nullptr)
      : seeds_(std::move(seeds)),
        lookup_(std::move(lookup)),
        cores_(cores),
        stop_(stop),
        midway_(midway) {}

  // The artifact that an input names. Requires the input to be set.
  template <class A>
  const A& get(const Input<A>& input) {
    return dynamic_cast<const A&>(*held_.emplace_back(lookup_(input.stage())));
  }
  template <class A>
  const A* get_if(const Input<A>& input) {
    return input ? &get(input) : nullptr;
  }
  // The random numbers of this stage for one purpose ("init", "order", …).
  Stream stream(std::string_view purpose) const {
    return {seeds_.study, seeds_.replicate, seeds_.stage, purpose};
  }
  // Cores that the stage may use, itself included.
  int cores() const { return cores_; }
  // Long stages look at this between steps and throw Interrupted when it says so.
  void throw_if_stopped() const;
  // A long stage asks once, first, for the state that it left when it was cut off; its metrics and
  // curves so far are back then. What it does with it must give the same bits as going through.
  std::optional<Archive> resume();
  // Between steps: leaves the state that `fill` writes where it is time to, or where the run stops;
  // then throws Interrupted.
  template <class Fill>
  void pause_point(const Fill& fill) const {
    if (wants_pause()) pause(fill);
  }

  // Results. A metric that is not finite fails the cell; the message names it.
  void metric(std::string name, double value);
  void point(std::string_view curve, double step, double value);

  const std::vector<Measured>& metrics() const { return metrics_; }
  const std::vector<Curve>& curves() const { return curves_; }

 private:
  bool stopping() const;
  bool wants_pause() const;
  void pause(const std::function<void(Archive&)>& fill) const;

  Seeds seeds_;
  Lookup lookup_;
  int cores_;
  const std::atomic<bool>* stop_;
  Midway* midway_;
  std::deque<std::shared_ptr<const Artifact>> held_;  // inputs live as long as the context
  std::vector<Measured> metrics_;
  std::vector<Curve> curves_;
};

// The user asked to stop; not a failure of the stage.
struct Interrupted {};

// A named step of the pipeline. Gives: the artifact type (`using Gives = Dataset;`).
class Stage : public Component {
 public:
  static constexpr std::string_view kKind = "stage";
  virtual std::shared_ptr<const Artifact> run(StageContext& context) const = 0;
};

using ArtifactLoader = std::shared_ptr<const Artifact> (*)(const Archive&);
bool register_artifact(std::string_view type, ArtifactLoader loader);
// Throws std::runtime_error for a type that nobody registered.
std::shared_ptr<const Artifact> load_artifact(std::string_view type, const Archive& in);

}  // namespace assay

#define ASSAY_ARTIFACT(Type)                                                                    \
  [[maybe_unused]] static const bool assay_artifact_##Type = ::assay::register_artifact(        \
      Type::kType, [](const ::assay::Archive& in) -> std::shared_ptr<const ::assay::Artifact> { \
        return Type::load(in);                                                                  \
      })
