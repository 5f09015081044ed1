// A training step allocates nothing once the tape has seen one.
#include <atomic>
#include <cstdlib>
#include <new>

#include "components/nn/tape.h"

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

#endif
