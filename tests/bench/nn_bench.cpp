// Training steps of the sizes that studies train, and the products inside them.
#include <benchmark/benchmark.h>

#include "components/nn/kernels.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "runner/config/parse.h"

namespace {

using namespace assay;

template <class K>
std::shared_ptr<const K> make(const std::string& text) {
  return Registry::global().build<K>(config::parse_value(text));
}

// One step of AdamW on a batch of 64 examples of 64 features and 10 classes.
void train_step(benchmark::State& state, const char* text) {
  const auto model = make<Model>(text);
  const auto objective = make<Objective>("\"cross-entropy\"");
  const auto optimizer = make<Optimizer>("\"adamw\"");
  const DataFormat format{false, 64, 0, 1, 10};
  nn::Parameters parameters;
  model->declare(parameters, format, Stream(1));
  const auto rule = optimizer->begin(parameters, 1 << 20);
  Examples batch;
  batch.count = 64;
  batch.features = nn::Tensor::normal({64, 64}, 1.0, Stream(2));
  for (int i = 0; i < 64; ++i) batch.labels.push_back(i % 10);
  nn::Tape tape;
  for (auto _ : state) {
    tape.reset();
    nn::Forward pass(tape, parameters, true, Stream(3));
    nn::Var loss = objective->loss(pass, *model, format, batch);
    for (const auto& extra : pass.losses()) loss = nn::add(loss, extra.value);
    tape.backward(loss);
    rule->step(parameters, tape);
  }
}
BENCHMARK_CAPTURE(train_step, linear, "\"linear\"")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(train_step, mlp_64, "{ use = \"mlp\", hidden = [64] }")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(train_step, mlp_256_256, "{ use = \"mlp\", hidden = [256, 256] }")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(train_step, moe_8_top2, "{ use = \"moe-mlp\", experts = 8 }")
    ->Unit(benchmark::kMicrosecond);

// n x n times n x n, in floats; items are floating-point operations.
void product(benchmark::State& state) {
  const int n = static_cast<int>(state.range(0));
  const auto a = nn::Tensor::normal({n, n}, 1.0, Stream(1)),
             b = nn::Tensor::normal({n, n}, 1.0, Stream(2));
  nn::Tensor out({n, n});
  for (auto _ : state) {
    nn::product<float>({a.floats().data(), n}, {b.floats().data(), n}, {out.floats().data(), n}, n,
                       n, n, 1.0F, false);
    benchmark::DoNotOptimize(out.floats().data());
  }
  state.SetItemsProcessed(state.iterations() * 2 * n * n * n);
}
BENCHMARK(product)->Arg(16)->Arg(64)->Arg(256)->Arg(512);

}  // namespace
