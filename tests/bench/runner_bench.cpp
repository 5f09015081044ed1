// What stands between a study file and its cells: parsing, validation, expansion, keys.
#include <benchmark/benchmark.h>

#include "runner/config/parse.h"
#include "runner/config/study.h"
#include "runner/graph/linker.h"

namespace {

using namespace assay;

std::shared_ptr<const config::Study> load(const std::string& name) {
  Diagnostics out;
  auto study = config::load_study(ASSAY_SOURCE_DIR "/configs/" + name, {}, out);
  if (!study) throw std::runtime_error(out.render());
  return study;
}

void load_study(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(load("quickstart.toml"));
}
BENCHMARK(load_study)->Unit(benchmark::kMicrosecond);

void check_study(benchmark::State& state) {
  const auto study = load("quickstart.toml");
  for (auto _ : state) {
    graph::Linker linker(*study);
    Diagnostics out;
    linker.check(out);
    benchmark::DoNotOptimize(out.ok());
  }
}
BENCHMARK(check_study)->Unit(benchmark::kMicrosecond);

// One cell of the quickstart from its index: axis values, five stage keys, the cell's key.
void link_cell(benchmark::State& state) {
  const auto study = load("quickstart.toml");
  graph::Linker linker(*study);
  Diagnostics out;
  linker.check(out);
  graph::CellLink link;
  std::vector<int> choice;
  std::uint64_t i = 0;
  for (auto _ : state) {
    study->design.decode(i++ % study->design.size(), choice);
    linker.link(choice, i % study->seeds, link);
    benchmark::DoNotOptimize(link.key);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(link_cell);

void print_and_parse_value(benchmark::State& state) {
  const Value value = load("quickstart.toml")->root;
  for (auto _ : state) benchmark::DoNotOptimize(config::parse_value(value.text()));
}
BENCHMARK(print_and_parse_value)->Unit(benchmark::kMicrosecond);

}  // namespace
