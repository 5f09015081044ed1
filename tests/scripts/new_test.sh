#!/usr/bin/env bash
# What `assay new` writes for each kind builds without a warning, keeps the laws of its kind and runs its
# study, as it stands, with an installed Assay and nothing else; what it cannot write it refuses.
set -eu
scratch=$2 build=$4
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
cmake --install "$build" --prefix "$scratch/installed" >/dev/null
assay=$scratch/installed/bin/assay
export CXXFLAGS="-Wall -Wextra -Wpedantic -Werror"

one() { # kind
  "$assay" new "$1" "my-$1" >"$1.txt"
  # The commands that it prints, word for word.
  grep '^  ' "$1.txt" >"$1.sh"
  bash -eu "$1.sh" >"$1.log" 2>&1 || { cat "$1.log"; return 1; }
  grep -q "100% tests passed, 0 tests failed out of 2" "$1.log"
  grep -q "my-$1" "my-$1/results/my-$1/study.toml"
}
export -f one
export assay
kinds=$("$assay" list | sed 's/\..*//' | sort -u)
# Every kind has a component, and a scaffold; none is missed.
[[ $(wc -w <<<"$kinds") -eq $(ls -d "$3"/components/*/scaffold | wc -l) ]]
# As tests run beside each other, two at once.
xargs -P 2 -I{} bash -eu -c 'one {}' <<<"$kinds"

# From a build folder, too.
"$build/assay" new gate from-build --out elsewhere >/dev/null
cmake -S elsewhere -B elsewhere/build >/dev/null
grep -q "$build" elsewhere/CMakeLists.txt

refused() { # message, arguments
  local message=$1
  shift
  if "$assay" new "$@" >/dev/null 2>err; then exit 1; fi
  grep -qF -- "$message" err || { cat err; exit 1; }
}
refused 'unknown kind "ruter"; did you mean "router"?' ruter x
refused '"My Gate" is no name for a component' gate "My Gate"
refused '"a--b" is no name for a component' gate a--b
refused 'there is a gate "sigmoid" already' gate sigmoid
refused 'my-gate exists already; nothing was written' gate my-gate
refused 'new needs a kind and a name' gate
echo good
