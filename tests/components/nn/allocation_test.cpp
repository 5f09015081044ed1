// A training step allocates nothing once one like it has been seen: operations alone, and the whole
// step of every model with every optimizer, batch and gates included.
#include <atomic>
#include <cstdlib>
#include <new>

#include "components/evictions/eviction.h"
#include "components/mixers/mixer.h"
#include "components/nn/tape.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "tests/contracts/model_contract.h"

// Sanitizers have their own operator new, and clang tells of them in another way than GCC.
#if defined(__has_feature)
#define ASSAY_HAS_FEATURE(x) __has_feature(x)
#else
#define ASSAY_HAS_FEATURE(x) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !ASSAY_HAS_FEATURE(address_sanitizer) && !ASSAY_HAS_FEATURE(thread_sanitizer)

namespace {

std::atomic<std::int64_t> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* out = nullptr;
  if (posix_memalign(&out, alignment, bytes) != 0) throw std::bad_alloc();
  return out;
}

}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t /*alignment*/) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t /*bytes*/, std::align_val_t /*at*/) noexcept {
  std::free(memory);
}

using namespace assay;
using namespace assay::nn;

namespace {

// Every form of operation: products, rows, indices, softmax, a parameter used twice.
void step(Tape& tape, const Parameters& parameters, const Tensor& x, std::span<const int> labels,
          std::span<const int> rows) {
  tape.reset();
  const Var h =
      relu(add_row(matmul_transposed(tape.constant(x), tape.parameter(parameters.get("w"))),
                   tape.parameter(parameters.get("b"))));
  const Var part = scatter_add_rows(gather_rows(h, rows), rows, x.shape()[0]);
  const Var top = topk_rows(add(h, part), 3);
  const Var parts[] = {slice_columns(top, 0, 5), slice_columns(top, 5, 5)};
  const Var out = matmul(concat_columns(parts), tape.parameter(parameters.get("v")));
  tape.backward(add(cross_entropy(out, labels), mean(square(tape.parameter(parameters.get("w"))))));
}

}  // namespace

TEST_CASE("a step allocates nothing after the first") {
  Parameters parameters;
  parameters.add("w", Tensor::normal({10, 8}, 1.0, Stream(1)), Role::kWeight);
  parameters.add("b", Tensor({10}), Role::kBias);
  parameters.add("v", Tensor::normal({10, 4}, 1.0, Stream(2)), Role::kWeight);
  const Tensor x = Tensor::normal({6, 8}, 1.0, Stream(3));
  const std::vector<int> labels = {0, 1, 2, 3, 0, 1}, rows = {0, 2, 5};
  Tape tape;
  const std::int64_t before_any = allocations.load();
  step(tape, parameters, x, labels, rows);
  const std::int64_t before = allocations.load();
  CHECK(before > before_any);  // the counter counts
  for (int i = 0; i < 10; ++i) step(tape, parameters, x, labels, rows);
  CHECK(allocations.load() == before);
}

namespace {

// The passes of a step again, for rules that ask.
struct Again final : Passes {
  Tape& tape;
  Forward& pass;
  const Model& model;
  const Objective& objective;
  const DataFormat& format;
  const Examples& data;
  Examples minibatch, single;

  Again(Tape& on, Forward& with, const Model& of, const Objective& wanted, const DataFormat& like,
        const Examples& from)
      : tape(on),
        pass(with),
        model(of),
        objective(wanted),
        format(like),
        data(from) {}
  const Tape& run(const Examples& on) {
    pass.begin(Stream(2));
    Var loss = objective.loss(pass, model, format, on);
    loss = pass.training_loss(loss);
    tape.backward(loss);
    tape.require_finite(loss);
    return tape;
  }
  const Tape& again() override { return run(minibatch); }
  const Tape& example(int i) override {
    const int row[] = {minibatch.rows[static_cast<std::size_t>(i)]};
    data.select(row, format, single);
    return run(single);
  }
  int batch() const override { return minibatch.count; }
  int examples() const override { return data.count; }
  bool epochs() const override { return true; }
  Stream noise() const override { return Stream(3); }
  bool updates() const override { return false; }
};

// Allocations of the last five of fifteen steps. The learning rates are tiny, so that routers send
// rows where they sent them before: memory grows until each expert has had its most. -1 where the
// model refuses the data.
std::int64_t allocations_of(const Model& model, const Optimizer& optimizer,
                            const Objective& objective, const DataFormat& format) {
  Parameters parameters;
  try {
    model.declare(parameters, format, Stream(1));
  } catch (const std::runtime_error&) {
    return -1;
  }
  const Examples data = testing::examples_of(format, 12, 5);
  const auto state = optimizer.begin(parameters, 100);
  Tape tape;
  Forward pass(tape, parameters, true, Stream(2));
  Again passes(tape, pass, model, objective, format, data);
  const std::vector<int> rows = {0, 3, 5, 7, 9, 11};
  std::int64_t before = 0;
  for (int step = 0; step < 15; ++step) {
    if (step == 10) before = allocations.load();
    data.select(rows, format, passes.minibatch);
    state->step(parameters, Gradients(passes.again(), &passes));
    pass.run_updates(parameters);
  }
  return allocations.load() - before;
}

}  // namespace

TEST_CASE("training steps of every model and optimizer allocate nothing") {
  const std::vector<std::string> gated = {
      "{ use = \"mlp\", hidden = [5], input_gate = \"hard-concrete\", hidden_gate = \"sigmoid\" }",
      "{ use = \"mlp\", hidden = [5], input_gate = \"reinforce\", hidden_gate = { use = \"glu\", "
      "target = 0.5 } }",
      "{ use = \"moe-mlp\", router = \"random\" }",
      "{ use = \"transformer\", width = 8, dropout = 0.1, feed_forward = \"swiglu\", "
      "norm = \"rms\", positions = \"learned\" }",
      "{ use = \"transformer\", width = 8, experts = 3, shared_expert = true }",
      "{ use = \"cnn\", channels = [3], separable = true, pool = 1 }",
      "{ use = \"flow-mlp\", schedule = \"cosine\", predicts = \"noise\", conditional = true }",
      "{ use = \"adapted\", model = { use = \"transformer\", width = 8, hidden = 5 } }",
      "{ use = \"adapted\", model = { use = \"adapted\", model = { use = \"cnn\", channels = [3] } "
      "}, adapter = { use = \"ia3\", inputs = [\"*\"] } }",
      "{ use = \"vq-autoencoder\", codebook = { use = \"residual-vq\", ema = true, restart = 0.5 } "
      "}",
      "{ use = \"vq-autoencoder\", codebook = \"fsq\" }",
      "{ use = \"vq-autoencoder\", codebook = { use = \"lfq\", bits = 3 } }"};
  std::vector<std::string> models = gated;
  for (const std::string& text : testing::examples_of_kind("model")) models.push_back(text);
  for (const std::string& router : testing::examples_of_kind("router"))
    models.push_back(
        "{ use = \"transformer\", width = 8, hidden = 8, blocks = 1, experts = 3, mixer = { use = "
        "\"attention\", causal = false }, router = " +
        router + " }");
  for (const std::string& text : models) {
    const auto model = testing::build<Model>(text);
    for (const ComponentSpec* rule : Registry::global().all("optimizer")) {
      const auto optimizer = testing::build<Optimizer>(
          "{ use = \"" + rule->name + "\"" + (rule->param("lr") ? ", lr = 1e-9" : "") +
          (rule->param("optimizer") ? ", optimizer = { use = \"sgd\", lr = 1e-9 }" : "") + " }");
      for (const DataFormat& format : testing::data_formats()) {
        if (format.classes == 0) continue;
        for (const char* use : {"\"cross-entropy\"", "\"masked-cross-entropy\""}) {
          const bool tokens = format.tokens && format.positions == format.width;
          if (std::string(use) != "\"cross-entropy\"" && !tokens) continue;
          if (model->output() == Model::Output::kInputs) use = "\"mse\"";
          if (model->output() == Model::Output::kVelocity)
            use = text.find("noise") == std::string::npos ? "\"rectified-flow\"" : "\"denoising\"";
          const auto objective = testing::build<Objective>(use);
          CAPTURE(text);
          CAPTURE(rule->name);
          CAPTURE(use);
          CAPTURE(format.positions);
          CHECK(allocations_of(*model, *optimizer, *objective, format) <= 0);
        }
      }
    }
  }
}

TEST_CASE("reading on through a full cache allocates nothing, whatever it drops") {
  const auto mixer = testing::build<Mixer>("\"attention\"");
  Parameters parameters;
  mixer->declare(parameters, "mixer", 4, Stream(1));
  const Tensor x = Tensor::normal({3, 4}, 1.0, Stream(2));
  for (const std::string& text : testing::examples_of_kind("eviction")) {
    CAPTURE(text);
    const auto eviction = testing::build<Eviction>(text);
    if (text.find("full") != std::string::npos) continue;  // drops nothing
    KeyValueCache cache(3, 12, &*eviction);
    Tape tape;
    Forward pass(tape, parameters, false, Stream(3));
    pass.set_cache(&cache);
    std::int64_t before = 0;
    for (int t = 0; t < 40; ++t) {
      if (t == 30) before = allocations.load();
      pass.begin(Stream(3));
      (void)mixer->mix(pass, "mixer", tape.constant(x), 1);
      cache.advance(1);
    }
    CHECK(allocations.load() == before);
  }
}

#endif
