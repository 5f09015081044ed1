// Milliseconds of one training step of a case (of 1,000 characters, where it generates), as
// nn_steps.py measures them of PyTorch:
//   assay_nn_steps CASE SECONDS
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>

#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "components/saes/sae.h"
#include "components/samplers/sampler.h"
#include "runner/config/parse.h"

namespace {

using namespace assay;
using Step = std::function<void()>;

template <class K>
std::shared_ptr<const K> make(const std::string& text) {
  return Registry::global().build<K>(config::parse_value(text));
}

// What examples look like that are all zeros, each with labels in turn.
struct Task {
  std::string model;
  DataFormat format;
  int batch = 1;
  std::string objective = "\"cross-entropy\"";
};

Step training(const Task& task) {
  struct State {
    std::shared_ptr<const Model> model;
    std::shared_ptr<const Objective> objective;
    std::shared_ptr<const Optimizer> optimizer = make<Optimizer>("\"adam\"");
    DataFormat format;
    nn::Parameters parameters;
    std::unique_ptr<OptimizerState> rule;
    Examples batch;
    nn::Tape tape;
    std::unique_ptr<nn::Forward> pass;
  };
  const auto s = std::make_shared<State>();
  s->model = make<Model>(task.model);
  s->objective = make<Objective>(task.objective);
  s->format = task.format;
  s->model->declare(s->parameters, s->format, Stream(1));
  s->rule = s->optimizer->begin(s->parameters, 1 << 30);
  const int numbers = task.batch * task.format.width;
  s->batch.count = task.batch;
  if (!task.format.tokens)
    s->batch.features = nn::Tensor::normal({task.batch, task.format.width}, 1.0, Stream(2));
  for (int i = 0; task.format.tokens && i < numbers; ++i)
    s->batch.tokens.push_back(i % task.format.vocabulary);
  for (int i = 0; i < task.batch * task.format.positions; ++i)
    s->batch.labels.push_back(i % task.format.classes);
  s->pass = std::make_unique<nn::Forward>(s->tape, s->parameters, true, Stream(3));
  return [s] {
    nn::Forward& pass = *s->pass;
    pass.begin(Stream(3));
    nn::Var loss = s->objective->loss(pass, *s->model, s->format, s->batch);
    for (const auto& extra : pass.losses()) loss = nn::add(loss, extra.value);
    s->tape.backward(loss);
    s->rule->step(s->parameters, s->tape);
  };
}

Step autoencoder(const std::string& text, int features, int batch_size) {
  struct State {
    std::shared_ptr<const Sae> sae;
    std::shared_ptr<const Optimizer> optimizer = make<Optimizer>("\"adam\"");
    nn::Parameters parameters;
    std::unique_ptr<OptimizerState> rule;
    nn::Tensor batch;
    nn::Tape tape;
    std::unique_ptr<nn::Forward> pass;
  };
  const auto s = std::make_shared<State>();
  s->sae = make<Sae>(text);
  s->sae->declare(s->parameters, SaeFormat::plain(features), Stream(1));
  s->rule = s->optimizer->begin(s->parameters, 1 << 30);
  s->batch = nn::Tensor::normal({batch_size, features}, 1.0, Stream(2));
  s->pass = std::make_unique<nn::Forward>(s->tape, s->parameters, true, Stream(3));
  return [s] {
    nn::Forward& pass = *s->pass;
    pass.begin(Stream(3));
    const nn::Var x = s->tape.constant(s->batch);
    s->tape.backward(s->sae->loss(pass, x, x));
    s->rule->step(s->parameters, s->tape);
    s->sae->after_step(s->parameters);
  };
}

// 1,000 characters after one, from keys and values kept.
Step generation(const std::string& text, int vocabulary) {
  struct State {
    TrainedModel model;
    std::shared_ptr<const Sampler> sampler =
        make<Sampler>("{ use = \"ancestral\", length = 1000, cache = 1001 }");
    Examples prompt;
  };
  const auto s = std::make_shared<State>();
  s->model.model = make<Model>(text);
  s->model.format = {true, 64, vocabulary, 64, vocabulary};
  s->model.model->declare(s->model.parameters, s->model.format, Stream(1));
  s->prompt.count = 1;
  s->prompt.tokens = {0};
  return [s] { (void)s->sampler->sample(s->model, s->prompt, Stream(1)); };
}

Step step_of(const std::string& name) {
  const std::string blocks = "{ use = \"transformer\", width = 64, hidden = 256, blocks = ";
  if (name == "mlp-64-128-128-10")
    return training({"{ use = \"mlp\", hidden = [128, 128] }", {false, 64, 0, 1, 10}, 64});
  if (name == "mlp-784-256-256-10")
    return training({"{ use = \"mlp\", hidden = [256, 256] }", {false, 784, 0, 1, 10}, 128});
  if (name == "sae-topk-128-1024")
    return autoencoder("{ use = \"topk\", latents = 1024, k = 16 }", 128, 512);
  if (name == "moe-8x64-256-64-top2")
    return training(
        {"{ use = \"moe-mlp\", hidden = 64, experts = 8, expert_hidden = 256, "
         "router = { use = \"topk-softmax\", k = 2, balance = 0.0 } }",
         {false, 64, 0, 1, 10},
         2048});
  if (name == "transformer-causal-64")
    return training({blocks +
                         "2, positions = \"learned\", mixer = { use = \"attention\", heads = 4, "
                         "positions = \"none\" } }",
                     {true, 64, 64, 64, 64},
                     32});
  if (name == "masked-diffusion-9x9")
    return training({blocks +
                         "3, positions = \"learned\", mixer = { use = \"attention\", heads = 4, "
                         "causal = false, positions = \"none\" } }",
                     {true, 81, 10, 81, 9},
                     64,
                     "\"masked-cross-entropy\""});
  if (name == "cnn-28x28-16-32")
    return training({"{ use = \"cnn\", channels = [16, 32] }", {false, 784, 0, 1, 10}, 64});
  if (name == "generate-1000")
    return generation(blocks + "2, mixer = { use = \"attention\", heads = 4 } }", 64);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  const Step step = argc == 3 ? step_of(argv[1]) : Step();
  if (!step) {
    std::fprintf(stderr, "usage: assay_nn_steps CASE SECONDS\n");
    return 2;
  }
  for (int i = 0; i < 3; ++i) step();
  using Clock = std::chrono::steady_clock;
  const double budget = std::stod(argv[2]);
  const auto start = Clock::now();
  double seconds = 0.0;
  int steps = 0;
  for (; seconds < budget; ++steps) {
    step();
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  std::printf("%.6f\n", 1e3 * seconds / steps);
  return 0;
}
