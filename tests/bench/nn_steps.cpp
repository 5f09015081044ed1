// Milliseconds of one training step of a case, as nn_steps.py measures them of PyTorch:
//   assay_nn_steps CASE SECONDS
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>

#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "components/saes/sae.h"
#include "runner/config/parse.h"

namespace {

using namespace assay;
using Step = std::function<void()>;

template <class K>
std::shared_ptr<const K> make(const std::string& text) {
  return Registry::global().build<K>(config::parse_value(text));
}

Step classifier(const std::string& text, int width, int batch_size) {
  struct State {
    std::shared_ptr<const Model> model;
    std::shared_ptr<const Objective> objective = make<Objective>("\"cross-entropy\"");
    std::shared_ptr<const Optimizer> optimizer = make<Optimizer>("\"adam\"");
    DataFormat format;
    nn::Parameters parameters;
    std::unique_ptr<OptimizerState> rule;
    Examples batch;
    nn::Tape tape;
    std::unique_ptr<nn::Forward> pass;
  };
  const auto s = std::make_shared<State>();
  s->model = make<Model>(text);
  s->format = {false, width, 0, 1, 10};
  s->model->declare(s->parameters, s->format, Stream(1));
  s->rule = s->optimizer->begin(s->parameters, 1 << 30);
  s->batch.count = batch_size;
  s->batch.features = nn::Tensor::normal({batch_size, width}, 1.0, Stream(2));
  for (int i = 0; i < batch_size; ++i) s->batch.labels.push_back(i % 10);
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
  s->sae->declare(s->parameters, features, Stream(1));
  s->rule = s->optimizer->begin(s->parameters, 1 << 30);
  s->batch = nn::Tensor::normal({batch_size, features}, 1.0, Stream(2));
  s->pass = std::make_unique<nn::Forward>(s->tape, s->parameters, true, Stream(3));
  return [s] {
    nn::Forward& pass = *s->pass;
    pass.begin(Stream(3));
    s->tape.backward(s->sae->loss(pass, s->tape.constant(s->batch)));
    s->rule->step(s->parameters, s->tape);
    s->sae->after_step(s->parameters);
  };
}

Step step_of(const std::string& name) {
  if (name == "mlp-64-128-128-10")
    return classifier("{ use = \"mlp\", hidden = [128, 128] }", 64, 64);
  if (name == "mlp-784-256-256-10")
    return classifier("{ use = \"mlp\", hidden = [256, 256] }", 784, 128);
  if (name == "sae-topk-128-1024")
    return autoencoder("{ use = \"topk\", latents = 1024, k = 16 }", 128, 512);
  if (name == "moe-8x64-256-64-top2")
    return classifier(
        "{ use = \"moe-mlp\", hidden = 64, experts = 8, expert_hidden = 256, "
        "router = { use = \"topk-softmax\", k = 2, balance = 0.0 } }",
        64, 2048);
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
