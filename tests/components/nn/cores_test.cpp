#include "components/nn/cores.h"

#include <atomic>

#include "components/nn/tape.h"
#include "components/objectives/objective.h"
#include "components/optimizers/optimizer.h"
#include "tests/contracts/model_contract.h"

using namespace assay;
using namespace assay::nn;

namespace {

// The bits of some steps' parameters.
Archive trained(const std::string& text, const DataFormat& format, int batch, int cores) {
  const UseCores wide(cores);
  const auto model = testing::build<Model>(text);
  const auto optimizer = testing::build<Optimizer>("\"adam\"");
  const auto objective = testing::build<Objective>("\"cross-entropy\"");
  Parameters parameters;
  model->declare(parameters, format, Stream(1));
  const auto state = optimizer->begin(parameters, 3);
  const Examples examples = testing::examples_of(format, batch, 3);
  Tape tape;
  Forward pass(tape, parameters, true, Stream(2));
  for (int step = 0; step < 3; ++step) {
    pass.begin(Stream(2));
    tape.backward(objective->loss(pass, *model, format, examples));
    state->step(parameters, tape);
  }
  Archive out;
  parameters.save(out, "p");
  return out;
}

}  // namespace

TEST_CASE("a training gives the same bits on any number of cores") {
  const struct {
    const char* text;
    DataFormat format;
    int batch;
  } cases[] = {
      {"{ use = \"mlp\", hidden = [301, 257] }", {false, 203, 0, 1, 7}, 333},
      {"{ use = \"mlp\", hidden = [64, 64], activation = \"gelu\" }", {false, 64, 0, 1, 7}, 2050},
      {"{ use = \"transformer\", width = 64, mixer = { use = \"attention\", heads = 4 } }",
       {true, 67, 11, 67, 5},
       33},
      {"{ use = \"transformer\", width = 64, norm = \"rms\", mixer = \"linear-attention\" }",
       {true, 67, 11, 67, 5},
       33},
      {"{ use = \"sequence\", width = 67, blocks = 1, mixer = \"state-space\" }",
       {true, 67, 11, 1, 5},
       33},
      {"{ use = \"sequence\", width = 67, blocks = 1, mixer = \"recurrent\" }",
       {true, 9, 11, 1, 5},
       1100}};
  for (const auto& c : cases) {
    const Archive one = trained(c.text, c.format, c.batch, 1);
    for (const int cores : {2, 3, 4}) CHECK(trained(c.text, c.format, c.batch, cores) == one);
  }
}

TEST_CASE("products of several cores have the bits of one") {
  for (const auto& [n, k, d] : {std::array{2048, 64, 256}, std::array{256, 2048, 64},
                                std::array{130, 784, 257}, std::array{1001, 333, 31}}) {
    const Tensor a = Tensor::normal({n, k}, 1.0, Stream(1)),
                 b = Tensor::normal({k, d}, 1.0, Stream(3)),
                 bt = Tensor::normal({d, k}, 1.0, Stream(4));
    const auto all = [&](int cores) {
      const UseCores wide(cores);
      std::vector<Tensor> out;
      Tape tape;
      out.push_back(tape.value(matmul(tape.constant(a), tape.constant(b))));
      out.push_back(tape.value(matmul_transposed(tape.constant(a), tape.constant(bt))));
      const Var right = tape.leaf(b);
      // The gradient of the right side is a product with the left transposed.
      const Var y = matmul(tape.constant(a), right);
      tape.backward(sum(square(y)));
      out.push_back(tape.gradient(right));
      return out;
    };
    const auto one = all(1);
    for (const int cores : {2, 3, 5}) {
      const auto more = all(cores);
      for (std::size_t form = 0; form < one.size(); ++form) {
        CAPTURE(n);
        CAPTURE(form);
        CAPTURE(cores);
        CHECK(more[form] == one[form]);
      }
    }
  }
}

namespace {

// Values and gradients of operations whose rows, columns or heads several cores share.
std::vector<Tensor> by_rows(int cores) {
  const int n = 1333, d = 131, length = 31, heads = 3;  // 43 sequences
  const UseCores wide(cores);
  Tape tape;
  const auto draw = [&](Shape shape, std::uint64_t seed) {
    return tape.leaf(Tensor::normal(shape, 1.0, Stream(seed)));
  };
  const Var x = draw({n, d}, 1), gain = draw({d}, 2), bias = draw({d}, 3), z = draw({n, d}, 4),
            q = draw({n, heads * 20}, 5), column = draw({n}, 6);
  std::vector<int> rows, columns;
  for (int i = 0; i < 2 * n; ++i) rows.push_back(i * 7 % n);
  for (int i = 0; i < n * 60; ++i) columns.push_back(i * 11 % d);
  const Var halves[] = {slice_columns(z, 0, 60), slice_columns(x, 60, 70)};
  const Var decay = scale(softplus(slice_columns(x, 0, heads)), -1.0);
  const Var outs[] = {softmax(x),
                      concat_columns(halves),
                      log_softmax(x),
                      layer_norm(x, gain, bias),
                      rms_norm(x, gain),
                      gather_rows(x, rows),
                      gather_columns(x, columns, 60),
                      multiply(add(x, z), subtract(x, z)),
                      multiply_row(x, gain),
                      multiply_column(x, column),
                      sum_columns(x),
                      slice_columns(x, 3, 100),
                      rotary(q, length, heads),
                      linear_scan(sigmoid(x), z, length),
                      gated_linear_attention(q, q, q, decay, length, heads)};
  Var loss;
  std::vector<Tensor> all;
  for (const Var out : outs) {
    all.push_back(tape.value(out));
    const Var part = testing::probe(out);
    loss = loss.valid() ? add(loss, part) : part;
  }
  tape.backward(loss);
  for (const Var in : {x, gain, bias, z, q, column}) all.push_back(tape.gradient(in));
  return all;
}

}  // namespace

TEST_CASE("operations that cores share by rows have the bits of one") {
  const std::vector<Tensor> one = by_rows(1);
  for (const int cores : {2, 3, 5}) {
    const std::vector<Tensor> more = by_rows(cores);
    for (std::size_t i = 0; i < one.size(); ++i) {
      CAPTURE(cores);
      CAPTURE(i);
      CHECK(more[i] == one[i]);
    }
  }
}

TEST_CASE("parts cover all there is, once") {
  for (const int count : {0, 1, 63, 64, 65, 1000}) {
    const UseCores wide(3);
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(count));
    in_parts(count, 64, 0, [&](int part, std::int64_t first, std::int64_t last) {
      CHECK((part >= 0 && part < 3));
      for (std::int64_t i = first; i < last; ++i) ++seen[static_cast<std::size_t>(i)];
    });
    for (const auto& times : seen) CHECK(times == 1);
  }
  CHECK(cores() == 1);
}
