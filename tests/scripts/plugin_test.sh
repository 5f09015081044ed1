#!/usr/bin/env bash
# A component built out of tree against the installed package runs in a study; a missing file, a
# foreign ABI and a name that is taken are refused with what is wrong.
set -eu
scratch=$2 build=$4
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
cmake --install "$build" --prefix "$scratch/installed" >/dev/null
assay=$scratch/installed/bin/assay

component() { # file, class, name
  cat >"$1" <<T
// Removes nothing: the neutral element of pruners.
#include "components/pruners/pruner.h"
#include "runner/registry/abi.h"

ASSAY_PLUGIN();

namespace {
struct $2 final : assay::Pruner {
  static constexpr assay::Info kInfo{"$3", 1, "Removes nothing."};
  double sparsity = 0.0;
  static void params(assay::Params<$2>& p) { p.add("sparsity", &$2::sparsity).range(0, 1).doc("Ignored."); }
  void prune(assay::TrainedModel&, const assay::Examples&, assay::Stream) const override {}
};
using assay::Pruner;
ASSAY_REGISTER(Pruner, $2);
}  // namespace
T
}
component keep_all.cpp KeepAll keep-all
component taken.cpp Taken magnitude
cat >CMakeLists.txt <<'T'
cmake_minimum_required(VERSION 3.20)
project(mine CXX)
find_package(assay REQUIRED)
foreach(name keep_all taken)
  add_library(${name} MODULE ${name}.cpp)
  target_link_libraries(${name} PRIVATE assay::library)
endforeach()
T
cat >laws.cpp <<'T'
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include "tests/contracts/pruner_contract.h"

TEST_CASE("keep-all keeps the contract of pruners") {
  assay::testing::pruner_contract("\"keep-all\"");
}
T
cat >>CMakeLists.txt <<'T'
find_package(doctest REQUIRED)
add_executable(laws laws.cpp keep_all.cpp)
target_link_libraries(laws PRIVATE assay::library doctest::doctest)
T
cmake -S . -B out -G Ninja -Dassay_ROOT="$scratch/installed" >/dev/null
cmake --build out >/dev/null
sed 's/assay-plugin-abi:1:/assay-plugin-abi:0:/' out/libkeep_all.so >out/foreign.so

study() { # plugin
  sed "s|^seeds = 5|seeds = 1\nplugins = [\"$1\"]|; s|\"random\"\]|\"keep-all\"]|" \
    "$scratch/installed/share/assay/configs/quickstart.toml" | sed '/^study.seeds/d'
}
refused() { # plugin, message
  study "$1" >refused.toml
  if "$assay" validate refused.toml 2>message; then exit 1; fi
  grep -qF "$2" message || { cat message; exit 1; }
}
./out/laws --no-intro >laws.txt || { cat laws.txt; exit 1; }
grep -Eq "test cases: +1 \| +1 passed" laws.txt

study out/libkeep_all.so >study.toml
"$assay" run study.toml --profile smoke -q | grep -q keep-all
"$assay" status results/quickstart | grep -q "18 done, 0 failed"
refused out/nowhere.so 'plugin "out/nowhere.so" cannot be read'
refused out/foreign.so 'was built for another ABI'
refused out/libtaken.so 'pruner "magnitude" is registered twice'
echo good
