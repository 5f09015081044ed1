#!/usr/bin/env bash
# Several runs of one study at once: no harm, each cell once in study.h5, and they share the work.
set -u
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

cat >cells.toml <<'T'
[study]
name = "cells"
[stage.a]
use = "sleep"
seconds = 0.25
[sweep]
"a.value" = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24]
T
cat >train.toml <<'T'
[study]
name = "train"
seeds = 4
checkpoint_seconds = 0.1
[stage.data]
use = "load"
dataset = "digits"
[stage.base]
use = "train"
data = "data"
model = { use = "mlp", hidden = [16] }
steps = 12000
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["nll"]
[sweep]
"base.batch" = [8, 16]
T

# together N STUDY NAME…: N runs of a study into one folder; the milliseconds until all had ended.
together() {
  local n=$1 study=$2 results=$3 pids=() start; shift 3
  start=$(date +%s%3N)
  for _ in $(seq "$n"); do
    "$assay" run "$study.toml" --jobs 1 -q --results "$results" "$@" >/dev/null 2>>"$results.err" & pids+=($!)
  done
  for pid in "${pids[@]}"; do wait "$pid" || fail "$study: one of $n runs ended with $?: $(cat "$results.err")"; done
  took=$(($(date +%s%3N) - start))
}

for part in "cells thread 2 3" "train thread 2 3" "train process 2"; do
  read -r study isolation numbers <<<"$part"
  with=(--set "study.isolation=$isolation")
  together 1 "$study" "$study-$isolation-1" "${with[@]}"; one=$took
  for n in $numbers; do
    results=$study-$isolation-$n
    together "$n" "$study" "$results" "${with[@]}"
    echo "$study, $isolation: one run $one ms, $n at once $took ms"
    /usr/bin/python3 "$source/scripts/crash-test" --compare "$study-$isolation-1/$study/study.h5" "$results/$study/study.h5" ||
      fail "$study: $n runs gave another study.h5 than one"
    [[ -z $(find "$results" -name '.tmp-*' -o -name 'scratch-*' -o -name midway) ]] || fail "$study: left over: $(find "$results")"
    # These wait and compute next to nothing, so that side by side they are faster on any machine.
    [[ $study != cells || $((10 * took)) -lt $((9 * one)) ]] || fail "$n runs share nothing: $took ms against $one ms"
  done
done
echo good
