#include "components/nn/cores.h"

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

namespace assay::nn {

struct UseCores::Arena {
  int cores = 1;
  tbb::task_arena arena;
};

namespace {

thread_local UseCores::Arena* current = nullptr;

}  // namespace

UseCores::UseCores(int cores) : before_(current) {
  if (cores > 1) {
    arena_ = std::make_unique<Arena>();
    arena_->cores = cores;
    arena_->arena.initialize(cores);
  }
  current = arena_.get();
}

UseCores::~UseCores() {
  current = before_;
}

int cores() {
  return current ? current->cores : 1;
}

void in_parallel(int parts, const std::function<void(int)>& body) {
  if (!current || parts == 1) {
    for (int part = 0; part < parts; ++part) body(part);
    return;
  }
  current->arena.execute([&] {
    tbb::parallel_for(
        0, parts, [&](int part) { body(part); }, tbb::simple_partitioner());
  });
}

}  // namespace assay::nn
