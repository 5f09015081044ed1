// Iterative pruning with rewinding (Frankle and Carbin 2019; Frankle et al. 2020): train, remove a
// share of the weights that are left, set those that stay, and all other parameters, back to what
// they were at step `rewind`, moments and schedule with them, and train again from there, on the
// same batches. What the last training starts from may be something else under the same masks: a
// fresh draw, which asks whether the masks or the values matter, or the trained values themselves.
#include <cmath>

#include "components/nn/cores.h"
#include "components/pruners/pruner.h"
#include "components/stages/trainer.h"

namespace assay::stages {
namespace {

struct PruneRetrain final : Stage {
  enum class Last { kRewound, kRandom, kTrained };
  using Gives = TrainedModel;
  static constexpr bool kCheckpoint = true;
  static constexpr Info kInfo{"prune-retrain", 1,
                              "Trains, prunes and rewinds a model round by round.",
                              "Frankle and Carbin 2019, arXiv:1803.03635, section 1; rewinding: "
                              "Frankle et al. 2020, arXiv:1912.05671, algorithm 2",
                              true};
  Input<Data> data;
  Slot<Model> model;
  Slot<Objective> objective{"cross-entropy"};
  Slot<Optimizer> optimizer{"adamw"};
  int steps = 500;
  int batch = 64;
  Slot<Pruner> pruner{"magnitude"};
  double rate = 0.2;
  int rounds = 5;
  int rewind = 0;
  Last last = Last::kRewound;
  int calibration = 256;

  static void params(Params<PruneRetrain>& p) {
    using T = PruneRetrain;
    p.add("data", &T::data).doc("What it learns from.");
    p.add("model", &T::model).required().doc("The network.");
    p.add("objective", &T::objective).doc("What it minimises.");
    p.add("optimizer", &T::optimizer).doc("How.");
    p.add("steps", &T::steps).range(1, 1e8).unit("steps").doc("Of a training from the start.");
    p.add("batch", &T::batch).range(1, 1e6).unit("examples").doc("Examples in each step.");
    p.add("pruner", &T::pruner).doc("How weights are chosen; its own sparsity does not count.");
    p.add("rate", &T::rate)
        .range(0, 1)
        .doc("Share of the weights left that goes in each round.")
        .source("Frankle and Carbin 2019, section 2");
    p.add("rounds", &T::rounds).range(0, 1000).unit("rounds").doc("Of pruning and retraining.");
    p.add("rewind", &T::rewind)
        .range(0, 1e8)
        .unit("steps")
        .doc("Step whose values come back; 0: the initial ones.");
    p.add("last", &T::last, {"rewound", "random", "trained"})
        .doc("What the last training starts from, under the masks found by rewinding.");
    p.add("calibration", &T::calibration)
        .range(1, 1e6)
        .unit("examples")
        .doc("First training examples shown to the pruner.");
  }
  std::string check() const override {
    if (!pruner->spec().param("sparsity"))
      return "pruner: \"" + pruner->spec().name + "\" has no parameter sparsity";
    return rewind < steps ? "" : "rewind: a step before the last of " + std::to_string(steps);
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const Data& source = context.get(data);
    auto out = std::make_shared<TrainedModel>();
    out->model = Registry::global().build<Model>(model->config());
    out->format = source.format;
    out->model->declare(out->parameters, out->format, context.stream("init"));
    const Examples shown = source.train.first(calibration, source.format);
    const nn::UseCores wide(context.cores());
    Archive early;  // the training as it stood at the step to rewind to
    auto saved = context.resume();
    int round = saved ? resume(*saved, early) : 0;
    double loss = 0.0;
    for (;; ++round) {
      Trainer trainer({*objective, *optimizer, steps, batch}, source.train, *out,
                      context.stream("order"), context.stream("pass"));
      if (saved)
        trainer.load(*saved);
      else if (round > 0)
        start_again(trainer, *out, early, round == rounds ? last : Last::kRewound,
                    context.stream("again"));
      saved.reset();
      train(context, trainer, round, early);
      loss = trainer.loss();
      if (round == rounds) break;
      with(*pruner, "sparsity", Value(1.0 - std::pow(1.0 - rate, round + 1)))
          ->prune(*out, shown,
                  context.stream("prune").fork("round", static_cast<std::uint64_t>(round)));
      out->parameters.apply_masks();
    }
    context.metric("train_loss", loss);
    return out;
  }

 private:
  static constexpr std::string_view kEarly = "early/";

  void train(StageContext& context, Trainer& trainer, int round, Archive& early) const {
    while (!trainer.done()) {
      if (round == 0 && trainer.step() == rewind) trainer.save(early);
      context.pause_point([&](Archive& to) { save(to, trainer, round, early); });
      const int step = trainer.step();
      trainer.advance();
      if (step % curve_interval(steps) == 0)
        context.point("loss", static_cast<double>(round) * steps + step, trainer.loss());
    }
  }

  // The next training's start, under the masks that the model has now.
  static void start_again(Trainer& trainer, TrainedModel& out, const Archive& early, Last from,
                          const Stream& init) {
    if (from == Last::kTrained) return;
    const nn::Parameters pruned = out.parameters;
    if (from == Last::kRewound) {
      trainer.load(early);
    } else {
      nn::Parameters fresh;
      out.model->declare(fresh, out.format, init);
      for (nn::Parameter& p : out.parameters) p.value = fresh.get(p.name).value;
    }
    for (nn::Parameter& p : out.parameters) p.mask = pruned.get(p.name).mask;
    out.parameters.apply_masks();
  }

  static void save(Archive& to, const Trainer& trainer, int round, const Archive& early) {
    trainer.save(to);
    const std::int32_t at[] = {round};
    to.put<std::int32_t>("round", at, {1});
    for (const auto& [name, array] : early.arrays()) to.put(std::string(kEarly) + name, array);
    for (const auto& [name, text] : early.texts()) to.put_text(std::string(kEarly) + name, text);
  }
  // The round to go on in.
  static int resume(const Archive& saved, Archive& early) {
    for (const auto& [name, array] : saved.arrays())
      if (name.starts_with(kEarly)) early.put(name.substr(kEarly.size()), array);
    for (const auto& [name, text] : saved.texts())
      if (name.starts_with(kEarly)) early.put_text(name.substr(kEarly.size()), text);
    return saved.array("round").as<std::int32_t>()[0];
  }
};
ASSAY_REGISTER(Stage, PruneRetrain);

}  // namespace
}  // namespace assay::stages
