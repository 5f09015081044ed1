// What the numeric core costs against the processor:
//   assay_nn_machine product|openblas SECONDS   milliseconds of 512 x 512 times 512 x 512, in
//   floats assay_nn_machine memory                     megabytes of a training process that are
//   resident, and
//                                               of its parameters, gradients, moments and values
#include <cblas.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <functional>
#include <string>

#include "components/nn/kernels.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "runner/config/parse.h"

namespace {

using namespace assay;

double milliseconds(double budget, const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < 3; ++i) work();
  const auto start = Clock::now();
  double seconds = 0.0;
  int times = 0;
  for (; seconds < budget; ++times) {
    work();
    seconds = std::chrono::duration<double>(Clock::now() - start).count();
  }
  return 1e3 * seconds / times;
}

double product(bool direct, double budget) {
  constexpr int kSize = 512;
  const auto a = nn::Tensor::normal({kSize, kSize}, 1.0, Stream(1)),
             b = nn::Tensor::normal({kSize, kSize}, 1.0, Stream(2));
  nn::Tensor out({kSize, kSize});
  const float *x = a.floats().data(), *y = b.floats().data();
  float* z = out.floats().data();
  if (!direct)
    return milliseconds(budget, [&] {
      nn::product<float>({x, kSize}, {y, kSize}, {z, kSize}, kSize, kSize, kSize, 1.0F, false);
    });
  openblas_set_num_threads(1);
  return milliseconds(budget, [&] {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, kSize, kSize, kSize, 1.0F, x, kSize, y,
                kSize, 0.0F, z, kSize);
  });
}

double resident() {
  long pages = 0, held = 0;
  std::ifstream("/proc/self/statm") >> pages >> held;
  return static_cast<double>(held) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

template <class K>
std::shared_ptr<const K> make(const std::string& text) {
  return Registry::global().build<K>(config::parse_value(text));
}

// Ten steps of a character transformer.
void memory() {
  const auto model = make<Model>(
      "{ use = \"transformer\", width = 128, hidden = 512, blocks = 4, mixer = { use = "
      "\"attention\", heads = 4 } }");
  const auto objective = make<Objective>("\"cross-entropy\"");
  const auto optimizer = make<Optimizer>("\"adamw\"");
  const DataFormat format{true, 64, 83, 64, 83};
  nn::Parameters parameters;
  model->declare(parameters, format, Stream(1));
  const auto rule = optimizer->begin(parameters, 10);
  Examples batch;
  batch.count = 32;
  for (int i = 0; i < batch.count * format.width; ++i) {
    batch.tokens.push_back(i % format.vocabulary);
    batch.labels.push_back((i + 1) % format.classes);
  }
  nn::Tape tape;
  nn::Forward pass(tape, parameters, true, Stream(3));
  for (int step = 0; step < 10; ++step) {
    pass.begin(Stream(3));
    tape.backward(objective->loss(pass, *model, format, batch));
    rule->step(parameters, tape);
  }
  const double weights = 4.0 * static_cast<double>(parameters.bytes());
  std::printf("%.3f %.3f\n", resident(), (weights + static_cast<double>(tape.value_bytes())) / 1e6);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "memory" && argc == 2) {
    memory();
  } else if ((what == "product" || what == "openblas") && argc == 3) {
    std::printf("%.6f\n", product(what == "openblas", std::stod(argv[2])));
  } else {
    std::fprintf(stderr, "usage: assay_nn_machine product|openblas SECONDS, or memory\n");
    return 2;
  }
  return 0;
}
