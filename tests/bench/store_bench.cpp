// Segments of finished cells: encoding alone, a durable commit, reading back.
#include <benchmark/benchmark.h>

#include "runner/store/segment.h"
#include "tests/store/support.h"

namespace {

using namespace assay;
using namespace assay::store;

Segment segment(std::int64_t cells) {
  Segment out;
  for (std::int64_t i = 0; i < cells; ++i) out.cells.push_back(cell(static_cast<std::uint64_t>(i)));
  return out;
}

void encode_segment(benchmark::State& state) {
  const Segment full = segment(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(encode(full));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(encode_segment)->Arg(1)->Arg(10000)->Unit(benchmark::kMicrosecond);

// A million points of curves, and the bytes that they take.
void encode_curves(benchmark::State& state) {
  Segment full = segment(1000);
  for (CellRecord& one : full.cells) {
    Curve& curve = one.curves.front();
    curve.step.resize(1000), curve.value.resize(1000);
    for (std::size_t i = 0; i < 1000; ++i) {
      curve.step[i] = static_cast<double>(10 * i);
      curve.value[i] = 1.0 / static_cast<double>(i + 1);
    }
  }
  std::size_t bytes = 0;
  for (auto _ : state) bytes = encode(full).size();
  state.counters["bytes"] = static_cast<double>(bytes);
}
BENCHMARK(encode_curves)->Unit(benchmark::kMillisecond);

void decode_segment(benchmark::State& state) {
  const auto image = encode(segment(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(decode(image));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(decode_segment)->Arg(10000)->Unit(benchmark::kMicrosecond);

void commit_cells(benchmark::State& state) {
  const Scratch folder("bench");
  Store store(folder);
  std::uint64_t next = 0;
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) store.add(cell(next++));
    store.commit();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(commit_cells)->Arg(1)->Arg(1000)->Unit(benchmark::kMicrosecond)->UseRealTime();

}  // namespace
