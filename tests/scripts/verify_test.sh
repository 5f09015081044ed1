#!/usr/bin/env bash
# assay verify: finds equal bits where there are, differences where the data changed, and touches nothing.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }
export TMPDIR=$scratch/tmp && mkdir "$TMPDIR"

printf 'x,y,z\n' >data.csv
for i in {1..20}; do echo "$i,$((i * 7 % 5)),$((i * 3 % 2))" >>data.csv; done
cat >study.toml <<'T'
[study]
name = "study"
seeds = 5
[stage.data]
use = "load"
dataset = { use = "csv", file = "data.csv", label = "z" }
[stage.base]
use = "train"
data = "data"
model = { use = "mlp", hidden = [4] }
steps = 5
batch = 4
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["nll"]
[sweep]
"base.optimizer.lr" = [0.1, 0.2]
T
"$assay" run study.toml -q --jobs 2 >/dev/null || fail "run"
state() { find results -type f -exec md5sum {} + | sort; }
before=$(state)
out=$("$assay" verify results/study --sample all -q) || fail "verify: $out"
expect "$out" "10 cells checked with 1 and 4 threads, 20 checkpoints compared: all equal bit for bit"
expect "$("$assay" verify results/study -q)" "1 cells checked"
expect "$("$assay" verify results/study --sample 30% --jobs 3 -q)" "3 cells checked with 1 and 3 threads"
expect "$("$assay" verify study.toml 'lr == 0.1' --sample all -q)" "5 cells checked"

sed -i 's/^20,/33,/' data.csv
out=$("$assay" verify results/study --sample 4 -q); [[ $? -eq 1 ]] || fail "exit code of differences: $out"
expect "$out" ": 4 cells differ"
expect "$out" "stage eval: 4 differ, first eval.nll"
expect "$out" "checkpoint"
[[ $("$assay" verify results/study --sample 4 -q) == "$out" ]] || fail "the same sample again"
[[ $("$assay" verify results/study --sample 4 -q --seed 1) != "$out" ]] || fail "another sample"
[[ $(state) == "$before" ]] || fail "results were touched"
[[ -z $(ls "$TMPDIR") ]] || fail "scratch folders are left"

refused() { # message, arguments
  local message=$1 out
  shift
  out=$("$assay" verify "$@" 2>&1); [[ $? -eq 2 ]] || fail "exit code of verify $*"
  expect "$out" "$message"
}
for sample in 0 -1 2.5 101% x; do
  refused "--sample $sample is no number of cells" study.toml "--sample=$sample"
done
refused "no such cell of the study is stored" study.toml --set base.steps=6
echo good
