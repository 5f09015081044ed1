#!/usr/bin/env bash
# assay diff: studies and cells that are equal, that have other cells, and that have other results.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }
differ() { # exit code, message, arguments
  local code=$1 message=$2 out
  shift 2
  out=$("$assay" diff "$@" 2>&1); [[ $? -eq $code ]] || fail "exit code of diff $*: $out"
  expect "$out" "$message"
}

printf 'x,y,z\n' >data.csv
for i in {1..20}; do echo "$i,$((i * 7 % 5)),$((i * 3 % 2))" >>data.csv; done
cat >study.toml <<'T'
[study]
name = "study"
seeds = 2
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
"$assay" run study.toml -q --jobs 1 --results a >/dev/null || fail "first run"
"$assay" run study.toml -q --jobs 2 --results b --set study.isolation=process >/dev/null || fail "second run"
differ 0 "results of 4 common cells: equal bit for bit" a/study b/study
differ 0 "4 common checkpoints: equal bit for bit" a/study b/study
differ 0 'study.isolation: absent | "process" (b/study/study.toml' a/study b/study

"$assay" run study.toml -q --results c --set base.steps=6 --set study.seeds=3 >/dev/null || fail "third run"
differ 1 "cells: 0 in both, 4 only in a/study, 6 only in c/study" a/study c/study
out=$("$assay" diff a/study c/study)
expect "$out" "4 of c/study differ from the nearest of a/study in"
expect "$out" "base.steps: 5 → 6"
expect "$out" "results of 4 cells with equal axis values and other keys: different"
expect "$out" "  eval.nll: "

# The same key with other data behind it.
sed -i 's/^20,/33,/' data.csv
"$assay" run study.toml -q --results d >/dev/null || fail "fourth run"
differ 1 "results of 4 common cells: different" a/study d/study
differ 1 "the largest of 4" a/study d/study
differ 1 "4 common checkpoints: 4 different" a/study d/study

# Study files, before anything has run.
sed 's/steps = 5/steps = 9/' study.toml >longer.toml
differ 1 "stage.base.steps: 5 (study.toml:11) | 9 (longer.toml:11)" study.toml longer.toml
differ 1 "base.steps: 5 → 9 (longer.toml:11)" study.toml longer.toml
differ 0 "cells: 4 in both" study.toml study.toml

# Cells.
key=$("$assay" why a/study 1 --json | sed -n 's/.*"key": "\(.*\)",/\1/p')
differ 0 "results of 1 cell: equal bit for bit" "a/study#1" "b/study#${key:0:8}"
differ 1 "base.optimizer.lr: 0.1 → 0.2" "a/study#0" "a/study#2"
differ 1 "eval.nll: " "a/study#0" "a/study#2"
differ 2 "names 0 cells; one is needed" "a/study#ffff" "a/study#0"
differ 2 "a cell can only be compared with a cell" "a/study#0" a/study
differ 2 "there is no study file or results folder nowhere" a/study nowhere
differ 2 "diff needs two studies or cells" a/study
echo good
