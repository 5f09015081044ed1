// Trains a sparse autoencoder on the activations of a model at a named site, or on the features of
// the data where no model is given. Inputs are centred and scaled by one number so that their mean
// squared norm is the number of features.
#include "components/nn/cores.h"
#include "components/optimizers/optimizer.h"
#include "components/saes/sae.h"
#include "components/stages/minibatches.h"
#include "components/stages/training.h"

namespace assay::stages {
namespace {

struct TrainSae final : Stage {
  using Gives = TrainedSae;
  static constexpr bool kCheckpoint = true;
  static constexpr Info kInfo{"train-sae", 2, "Trains a sparse autoencoder.", "", true};
  Input<Data> data;
  Input<TrainedModel> model;
  std::string site;
  Slot<Sae> sae{"topk"};
  Slot<Optimizer> optimizer{"adam"};
  int steps = 1000;
  int batch = 128;

  static void params(Params<TrainSae>& p) {
    p.add("data", &TrainSae::data).doc("What it learns from.");
    p.add("model", &TrainSae::model).optional().doc("Whose activations it learns.");
    p.add("site", &TrainSae::site)
        .doc("Of the model, as in \"hidden1.act\"; empty without a model.");
    p.add("sae", &TrainSae::sae).doc("The autoencoder.");
    p.add("optimizer", &TrainSae::optimizer).doc("How it learns.");
    p.add("steps", &TrainSae::steps).range(0, 1e8).unit("steps").doc("Optimizer steps.");
    p.add("batch", &TrainSae::batch).range(1, 1e6).unit("examples").doc("Examples in each step.");
  }
  std::string check() const override {
    if (optimizer->reevaluates())
      return "optimizer: \"" + optimizer->spec().name +
             "\" evaluates steps again, which this stage does not offer";
    if (bool(model) == !site.empty()) return {};
    return model ? "site: with a model it must name one of its sites"
                 : "site: it needs the input model";
  }

  static void standardise(nn::Tensor& x, TrainedSae& out) {
    const int d = out.features;
    const auto n = static_cast<double>(x.shape().rows());
    out.mean = nn::Tensor({d});
    for (int j = 0; j < d; ++j) {
      double sum = 0.0;
      for (std::int64_t i = 0; i < x.shape().rows(); ++i) sum += x.get(i * d + j);
      out.mean.set(j, sum / n);
    }
    double squares = 0.0;
    for (std::int64_t i = 0; i < x.count(); ++i)
      squares += std::pow(x.get(i) - out.mean.get(i % d), 2);
    out.scale = squares > 0 ? std::sqrt(n * d / squares) : 1.0;
    for (std::int64_t i = 0; i < x.count(); ++i)
      x.set(i, (x.get(i) - out.mean.get(i % d)) * out.scale);
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const Data& source = context.get(data);
    if (model) require_same_input(context.get(model).format, source.format);
    if (!model && source.format.tokens)
      throw std::runtime_error(
          "the data are tokens; train-sae needs a model to turn them into numbers");
    auto out = std::make_shared<TrainedSae>();
    out->sae = Registry::global().build<Sae>(sae->config());
    out->site = site;
    Examples seen;
    seen.features =
        model ? context.get(model).activations(source.train, site) : source.train.features;
    seen.count = static_cast<int>(seen.features.shape().rows());
    out->features = seen.features.shape().back();
    standardise(seen.features, *out);
    out->sae->declare(out->parameters, out->features, context.stream("init"));
    const auto state = optimizer->begin(out->parameters, steps);
    const Stream noise = context.stream("pass");
    Minibatches batches(context.stream("order"), seen.count, batch);
    const DataFormat format{false, out->features, 0, 1, 0};
    const nn::UseCores wide(context.cores());
    nn::Tape tape;
    nn::Forward pass(tape, out->parameters, true, noise);
    Examples examples;
    const int every = curve_interval(steps);
    double last = 0.0;
    int step = 0;
    if (const auto saved = context.resume()) {
      step = load_training(*saved, last, out->parameters, *state);
      batches.skip(step);
    }
    for (; step < steps; ++step) {
      context.pause_point(
          [&](Archive& to) { save_training(to, step, last, out->parameters, *state); });
      pass.set_progress(static_cast<double>(step) / steps);
      pass.begin(noise.fork("step", static_cast<std::uint64_t>(step)));
      seen.select(batches.next(), format, examples);
      const nn::Var loss = out->sae->loss(pass, tape.constant(examples.features));
      last = tape.scalar(loss);
      if (std::isfinite(last)) tape.backward(loss);
      require_finite(tape, loss, step);
      state->step(out->parameters, tape);
      if (step + 1 == steps) state->finish(out->parameters);
      pass.run_updates(out->parameters);
      out->sae->after_step(out->parameters);
      if (step % every == 0) context.point("loss", step, last);
    }
    return out;
  }
};
ASSAY_REGISTER(Stage, TrainSae);

}  // namespace
}  // namespace assay::stages
