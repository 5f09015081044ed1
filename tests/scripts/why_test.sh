#!/usr/bin/env bash
# assay why: stored, failed, or to be run because of a difference that it names with its place; stage by stage.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }

cat >study.toml <<'T'
[study]
name = "study"
seeds = 2
[stage.data]
use = "load"
dataset = "digits"
[stage.base]
use = "train"
data = "data"
model = "mlp"
steps = 5
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["accuracy"]
[sweep]
"base.optimizer.lr" = [0.1, 0.2]
T
out=$("$assay" why study.toml) || fail "before any run"
expect "$out" "4 cells: 0 stored, 0 failed, 4 would run"
expect "$out" "would run: nothing is stored"
"$assay" run study.toml -q >/dev/null || fail "run"
out=$("$assay" why study.toml 0) || fail "a stored cell"
expect "$out" 'cell 0: "base.optimizer.lr" = 0.1, replicate = 0'
expect "$out" "in segments/"
expect "$out" "  by assay "

out=$("$assay" why study.toml 'lr == 0.2 and replicate == 1' --set base.steps=6)
expect "$out" 'cell 3: '
expect "$out" "base.steps: 5 → 6 (--set base.steps=6)"
grep -q "stage data *\(computed, once for this and [0-9]* other\|from its\|not needed\)" <<<"$out" || fail "stages in $out"
expect "$out" "base.steps differs"
expect "$out" "its input base differs"
out=$("$assay" why study.toml --set 'sweep."base.optimizer.lr"=[0.1,0.3]')
expect "$out" "4 cells: 2 stored, 0 failed, 2 would run"
expect "$out" "cells 2, 3 would run, differing from the nearest stored cell in"
grep -q "base.optimizer.lr: 0.[12] → 0.3 (--set)" <<<"$out" || fail "an axis value in $out"
expect "$("$assay" why study.toml 'seed >= 2' --set study.seeds=3)" "replicate: 1 → 2"
expect "$("$assay" why study.toml 0 --set study.seed=9)" "study.seed: 0 → 9 (--set study.seed=9)"
sed 's/steps = 5/steps = 7/' study.toml >longer.toml
expect "$("$assay" why longer.toml 0)" "base.steps: 5 → 7 (longer.toml:11)"
# A checkpoint of the training stands in for what lies behind it.
sed 's/"accuracy"/"parameter-count"/; /"base"/{n;d}' study.toml >other.toml
out=$("$assay" why other.toml 0)
expect "$out" "from its checkpoint"
expect "$out" "not needed: a checkpoint stands in for it"

key=$("$assay" why study.toml 2 --json | sed -n 's/.*"key": "\(.*\)",/\1/p')
[[ ${#key} -eq 32 ]] || fail "the key in JSON"
expect "$("$assay" why results/study "${key:0:10}")" "cell 2: "
out=$("$assay" why longer.toml "${key:0:10}")
expect "$out" "not of this study as it is now"
/usr/bin/python3 - "$assay" <<'P' || fail "JSON"
import json, subprocess, sys
[cell] = json.loads(subprocess.run([sys.argv[1], "why", "longer.toml", "1", "--json"], check=True, capture_output=True).stdout)
assert cell["state"] == "missing" and len(cell["stages"]) == 3, cell
assert cell["differences"] == [{"path": "base.steps", "before": "5", "after": "7", "where": "longer.toml:11"}], cell
P

cat >fail.toml <<'T'
[study]
name = "fail"
[stage.a]
use = "fail"
message = "no luck"
[sweep]
"a.fail" = [true, false]
T
"$assay" run fail.toml -q >/dev/null 2>&1
expect "$("$assay" why fail.toml)" "cell 0 failed in stage a: no luck"
expect "$("$assay" why fail.toml 'fail == true')" "a run tries it again"
expect "$("$assay" status fail.toml --set study.seeds=2 2>&1)" "assay why fail.toml says"

refused() { # message, arguments
  local message=$1 out
  shift
  out=$("$assay" why "$@" 2>&1); [[ $? -eq 2 ]] || fail "exit code of why $*"
  expect "$out" "$message"
}
refused "there is no cell 99; cells are numbered 0 to 3" study.toml 99
refused 'unknown axis "lrr" in the expression; did you mean "lr"?' study.toml 'lrr == 1'
refused "no cell has a key that begins with abcdef" study.toml abcdef
refused "no cell of the study meets lr > 5" study.toml 'lr > 5'
refused "why needs a study file" --json

# Records whose origin is lost, as those of an older Assay: only axis values can be told.
rm -r results/study/origins
out=$("$assay" why study.toml 2 --set 'sweep."base.optimizer.lr"=[0.1,0.3]')
grep -q "base.optimizer.lr: 0.[12] → 0.3" <<<"$out" || fail "axis values alone in $out"
expect "$out" "an older Assay"
expect "$("$assay" why study.toml 0 --set base.steps=6)" "what differs is not recorded"
echo good
