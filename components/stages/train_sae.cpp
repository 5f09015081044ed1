// Trains a sparse autoencoder on the activations of a model at one site or at several side by side,
// or on the features of the data where no model is given; a transcoder, to give other sites than
// it reads. Each site is centred and scaled by one number, as a rule so that its mean squared norm
// is its width. Activations that are too many to hold are computed again and again, part by part.
#include <cmath>

#include "components/nn/cores.h"
#include "components/optimizers/optimizer.h"
#include "components/stages/sae_rows.h"
#include "components/stages/training.h"

namespace assay::stages {
namespace {

struct TrainSae final : Stage {
  using Gives = TrainedSae;
  static constexpr bool kCheckpoint = true;
  static constexpr Info kInfo{"train-sae", 3, "Trains a sparse autoencoder.", "", true};
  Input<Data> data;
  Input<TrainedModel> model;
  std::string site;
  std::vector<std::string> sites;
  std::string target_site;
  std::vector<std::string> target_sites;
  Slot<Sae> sae{"topk"};
  Slot<Optimizer> optimizer{"adam"};
  int steps = 1000;
  int batch = 128;
  double buffer = 256.0;
  Normalisation::Centre centre = Normalisation::Centre::kMean;
  Normalisation::Scale scale = Normalisation::Scale::kMeanSquare;

  static void params(Params<TrainSae>& p) {
    p.add("data", &TrainSae::data).doc("What it learns from.");
    p.add("model", &TrainSae::model).optional().doc("Whose activations it learns.");
    p.add("site", &TrainSae::site)
        .doc("Of the model, as in \"hidden1.act\"; empty without a model, or with sites.");
    p.add("sites", &TrainSae::sites).doc("Several sites that it reads side by side.");
    p.add("target_site", &TrainSae::target_site)
        .doc("For a transcoder: the site that it gives; empty: what it reads.");
    p.add("target_sites", &TrainSae::target_sites)
        .doc("For a transcoder: several sites that it gives side by side.")
        .since(4);
    p.add("sae", &TrainSae::sae).doc("The autoencoder.");
    p.add("optimizer", &TrainSae::optimizer).doc("How it learns.");
    p.add("steps", &TrainSae::steps).range(0, 1e8).unit("steps").doc("Optimizer steps.");
    p.add("batch", &TrainSae::batch).range(1, 1e6).unit("examples").doc("Examples in each step.");
    p.add("buffer", &TrainSae::buffer)
        .above(0)
        .unit("MB")
        .doc("Activations held at once. Where all fit, they are computed once.");
    p.add("centre", &TrainSae::centre, {"mean", "geometric-median", "none"})
        .doc("What is taken off each site, where the decoder's bias then starts.")
        .source("Bricken et al. 2023: the geometric median")
        .since(4);
    p.add("scale", &TrainSae::scale, {"mean-square", "mean-norm", "none"})
        .doc(
            "What becomes of each site: a mean squared norm of its width, a mean norm of the root "
            "of its width, or the units that it has.")
        .source("Rajamanoharan et al. 2024, arXiv:2407.14435; Conerly et al. 2024")
        .since(4);
  }
  std::string check() const override {
    if (optimizer->reevaluates())
      return "optimizer: \"" + optimizer->spec().name +
             "\" evaluates steps again, which this stage does not offer";
    if (std::string wrong = check_targets(); !wrong.empty()) return wrong;
    if (!model && !(site.empty() && sites.empty())) return "site: it needs the input model";
    if (model && site.empty() == sites.empty())
      return "site: with a model it must name one of its sites, or sites several";
    return {};
  }

  std::string check_targets() const {
    if (!target_site.empty() && !target_sites.empty())
      return "target_sites: target_site names one already";
    const std::string name = target_sites.empty() ? "target_site" : "target_sites";
    const std::size_t given = targets().size();
    if (given == 0) return {};
    if (!sae->transcodes())
      return name + ": \"" + sae->spec().name + "\" gives what it reads; a transcoder would do";
    if (!model) return name + ": it needs the input model";
    const std::size_t read = sites.empty() ? 1 : sites.size();
    if (sae->layered() && given != read)
      return name + ": \"" + sae->spec().name + "\" gives one for each site that it reads, not " +
             std::to_string(given) + " for " + std::to_string(read);
    return {};
  }
  std::vector<std::string> targets() const {
    return target_site.empty() ? target_sites : std::vector{target_site};
  }

  SaeSource source(StageContext& context) const {
    const Data& from = context.get(data);
    const TrainedModel* read = context.get_if(model);
    if (read) require_same_input(read->format, from.format);
    if (!read && from.format.tokens)
      throw std::runtime_error(
          "the data are tokens; train-sae needs a model to turn them into numbers");
    SaeSource out{read, from.train, sites, targets(), {centre, scale}};
    if (!site.empty()) out.sites = {site};
    return out;
  }

  std::shared_ptr<const Artifact> run(StageContext& context) const override {
    const SaeSource from = source(context);
    SaeRows rows(from, context.stream("order"), batch, buffer);
    auto out = std::make_shared<TrainedSae>();
    out->sae = Registry::global().build<Sae>(sae->config());
    out->sites = from.sites;
    out->targets = from.targets;
    out->features = rows.format().features();
    out->in = rows.in();
    out->out = rows.out();
    out->sae->declare(out->parameters, rows.format(), context.stream("init"));
    train(context, rows, *out);
    return out;
  }

  static void forget(std::span<const int> latents, const nn::Parameters& parameters,
                     OptimizerState& state) {
    if (latents.empty()) return;
    std::size_t index = 0;
    for (const nn::Parameter& p : parameters) {
      const std::size_t at = index++;
      if (!p.name.starts_with("encoder.") && p.name != "decoder.weight") continue;
      const std::int64_t row = p.value.count() / p.value.shape()[0];
      for (const int latent : latents) state.forget(at, latent * row, row);
    }
  }

  void train(StageContext& context, SaeRows& rows, TrainedSae& out) const {
    const auto state = optimizer->begin(out.parameters, steps);
    const Stream noise = context.stream("pass");
    const nn::UseCores wide(context.cores());
    nn::Tape tape;
    nn::Forward pass(tape, out.parameters, true, noise);
    const int every = curve_interval(steps);
    double last = 0.0;
    int step = 0;
    if (const auto saved = context.resume()) {
      step = load_training(*saved, last, out.parameters, *state);
      rows.load(*saved, step);
    }
    for (; step < steps; ++step) {
      context.pause_point([&](Archive& to) {
        save_training(to, step, last, out.parameters, *state);
        rows.save(to);
      });
      pass.set_progress(static_cast<double>(step) / steps);
      pass.begin(noise.fork("step", static_cast<std::uint64_t>(step)));
      const Examples& batch_rows = rows.next();
      const nn::Var x = tape.constant(batch_rows.features);
      const nn::Var target = out.targets.empty() ? x : tape.constant(batch_rows.targets);
      const nn::Var loss = out.sae->loss(pass, x, target);
      last = tape.scalar(loss);
      if (std::isfinite(last)) tape.backward(loss);
      require_finite(tape, loss, step);
      state->step(out.parameters, tape);
      if (step + 1 == steps) state->finish(out.parameters);
      pass.run_updates(out.parameters);
      forget(out.sae->restarted(pass), out.parameters, *state);
      out.sae->after_step(out.parameters);
      if (step % every == 0) context.point("loss", step, last);
    }
  }
};
ASSAY_REGISTER(Stage, TrainSae);

}  // namespace
}  // namespace assay::stages
