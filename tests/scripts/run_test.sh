#!/usr/bin/env bash
# What a run does about stored results, new axes and seeds, failures, crashes and interruption.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }

cat >grid.toml <<'T'
[study]
name = "grid"
seeds = 2
[stage.a]
use = "noop"
[stage.b]
use = "noop"
value = 5
[sweep]
"a.value" = [1, 2, 3]
[table]
value = "a.value"
T
out=$("$assay" run grid.toml 2>err) || fail "run"
expect "$out" "3 ± 0"
expect "$(cat err)" "6/6 cells"
"$assay" run grid.toml >again 2>err || fail "second run"
expect "$(cat err)" "everything is stored: 6 cells"
[[ $(cat again) == "$out" ]] || fail "the table changed"
"$assay" run grid.toml --set study.seeds=3 2>err >/dev/null || fail "more seeds"
expect "$(cat err)" "9/9 cells (6 stored)"
"$assay" run grid.toml --set 'sweep."a.value"=[1,2,3,4]' 2>err >/dev/null || fail "longer axis"
expect "$(cat err)" "8/8 cells (6 stored)"
expect "$("$assay" plan grid.toml --json)" '"stored": 6'
expect "$("$assay" status results/grid)" "done"
expect "$("$assay" table results/grid --format latex)" "\\toprule"
expect "$("$assay" table results/grid --format markdown)" "| --- |"
expect "$("$assay" table results/grid --format json)" '"mean": 3.0'
expect "$("$assay" export results/grid --csv)" "a.value,replicate,status"

cat >fail.toml <<'T'
[study]
name = "fail"
[stage.a]
use = "fail"
message = "no luck"
[sweep]
"a.fail" = [true, false]
[table]
value = "a.value"
T
out=$("$assay" run fail.toml 2>/dev/null); [[ $? -eq 1 ]] || fail "exit code of a failed cell"
expect "$out" "–ᵃ"
expect "$out" "failed in stage a: no luck"
"$assay" run fail.toml --set a.fail=false --set 'sweep."a.fail"=[false]' -q >/dev/null || fail "a good one after a failed one"

sed 's/use = "fail"/use = "crash"/; s/message.*//; s/a\.fail/a.crash/; s/name = "fail"/name = "crash"\nisolation = "process"/' fail.toml >crash.toml
out=$("$assay" run crash.toml -q 2>/dev/null); [[ $? -eq 1 ]] || fail "exit code of a crashed cell"
expect "$out" "killed by signal 11 (Segmentation fault)"
expect "$("$assay" status crash.toml)" "1 done, 1 failed"

cat >sleep.toml <<'T'
[study]
name = "sleep"
seeds = 1
[stage.a]
use = "sleep"
seconds = 0.2
[sweep]
"a.value" = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
T
"$assay" run sleep.toml --jobs 1 -q >/dev/null 2>err &
pid=$!
sleep 1 && kill -INT $pid
wait $pid; [[ $? -eq 130 ]] || fail "exit code of an interrupted run"
expect "$(cat err)" "go on with"
done_cells=$("$assay" status sleep.toml | sed 's/.*: \([0-9]*\) done.*/\1/')
[[ $done_cells -ge 1 && $done_cells -lt 12 ]] || fail "interrupted with $done_cells cells"
"$assay" run sleep.toml --jobs 12 2>err >/dev/null || fail "going on"
expect "$(cat err)" "($done_cells stored)"

"$assay" run sleep.toml --set a.seconds=0.3 --jobs 1 -q >/dev/null 2>&1 & one=$!
"$assay" run sleep.toml --set a.seconds=0.3 --jobs 4 -q >/dev/null 2>&1 & two=$!
sleep 1.2; kill -9 $one; wait $two || fail "the other of two runs"
expect "$("$assay" status sleep.toml --set a.seconds=0.3)" "12 done, 0 failed, 0 missing"

# A cell that starts from a checkpoint reports what one reports that ran everything.
cat >checkpoint.toml <<'T'
[study]
name = "checkpoint"
[stage.data]
use = "load"
dataset = "breast-cancer"
[stage.base]
use = "train"
data = "data"
model = "linear"
steps = 5
[stage.eval]
use = "evaluate"
model = "base"
metrics = ["parameter-count"]
T
"$assay" run checkpoint.toml -q >/dev/null || fail "a study with a checkpoint"
more='eval.metrics=["parameter-count", "sparsity"]'
"$assay" run checkpoint.toml -q --set "$more" >/dev/null || fail "from the checkpoint"
"$assay" run checkpoint.toml -q --set "$more" --results fresh >/dev/null || fail "without one"
"$assay" export checkpoint.toml --set "$more" | cut -d, -f3 --complement >from
"$assay" export checkpoint.toml --set "$more" --results fresh | cut -d, -f3 --complement | diff - from || fail "metrics of stages behind a checkpoint"
expect "$(cat from)" "data.train_examples"
expect "$("$assay" plan checkpoint.toml --json --set 'eval.metrics=["nll"]' --set eval.data=data)" '"unique_stages": 2'
# Two stages that come to the same work are one, under both names.
cat >twins.toml <<'T'
[study]
name = "twins"
[stage.data]
use = "load"
dataset = "breast-cancer"
[stage.base]
use = "train"
data = "data"
model = "linear"
steps = 5
[stage.one]
use = "prune"
model = "base"
data = "data"
[stage.two]
use = "prune"
model = "base"
data = "data"
[stage.eval]
use = "evaluate"
model = "two"
reference = "one"
metrics = ["mask-overlap"]
T
for isolation in thread process; do
  "$assay" run twins.toml -q --set study.isolation=$isolation --results twins-$isolation >/dev/null || fail "two stages of one key, $isolation"
  expect "$("$assay" export twins.toml --results twins-$isolation)" ",1"
done
# What ran once tells what more seeds would cost.
"$assay" plan checkpoint.toml --json --set study.seeds=3 >plan.json
python3 -c 'import json; p = json.load(open("plan.json")); assert 0 < p["expected_seconds"] < 60 and p["disk"] > 100 and p["memory_of_a_stage"] > 50e3, p' ||
  fail "expectations: $(cat plan.json)"

# A training that is killed goes on from where it last left its state, to the same bits.
cat >long.toml <<'T'
[study]
name = "long"
checkpoint_seconds = 0.05
[stage.data]
use = "load"
dataset = "digits"
[stage.base]
use = "train"
data = "data"
model = { use = "mlp", hidden = [64] }
steps = 40000
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["nll"]
T
for isolation in thread process; do
  "$assay" run long.toml -q --set study.isolation=$isolation --results $isolation >/dev/null 2>&1 & long=$!
  for _ in $(seq 200); do [[ -n $(ls $isolation/long/midway/*.h5 2>/dev/null) ]] && break; sleep 0.02; done
  sleep 0.2; kill -9 $long; wait $long 2>/dev/null
  [[ -n $(ls $isolation/long/midway/*.h5) ]] || fail "no state was left"
  [[ -z $(ls $isolation/long/artifacts/*.h5 2>/dev/null) ]] || fail "the training was too short to kill"
  "$assay" run long.toml -q --set study.isolation=$isolation --results $isolation >/dev/null || fail "going on"
  [[ ! -e $isolation/long/midway ]] || fail "states are left over"
done
grep -q "going on from" thread/long/log.txt || fail "it did not go on"
"$assay" run long.toml -q --results whole >/dev/null
for results in thread process; do
  "$assay" export long.toml --results $results | cut -d, -f3 --complement | diff - <("$assay" export long.toml --results whole | cut -d, -f3 --complement) ||
    fail "going on gave other bits"
done

"$assay" nonsense 2>/dev/null; [[ $? -eq 2 ]] || fail "unknown command"
"$assay" run nowhere.toml 2>/dev/null; [[ $? -eq 2 ]] || fail "missing study"
"$assay" run grid.toml --results /proc/x 2>/dev/null; [[ $? -eq 3 ]] || fail "unwritable results"
echo good
