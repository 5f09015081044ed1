#!/usr/bin/env bash
# Long stages that are killed half-way, all at once and twice, go on to the bits of a run that nobody disturbed: artifacts,
# metrics and curves, in threads and in worker processes.
set -u
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

cat >long.toml <<'T'
[study]
name = "long"
checkpoint_seconds = 0.02
[stage.data]
use = "load"
dataset = "digits"
[stage.start]
use = "train"
data = "data"
model = { use = "mlp", hidden = [32] }
steps = 50
[stage.averaged]
use = "train"
data = "data"
model = { use = "mlp", hidden = [48] }
optimizer = { use = "sam", optimizer = { use = "average", optimizer = "adamw" } }
steps = 12000
[stage.private]
use = "train"
data = "data"
model = { use = "mlp", hidden = [16] }
optimizer = { use = "dp" }
batch = 16
steps = 2500
[stage.selected]
use = "train"
data = "data"
model = { use = "mlp", hidden = [32] }
objective = "elr"
selector = "loss-weighted"
optimizer = "muon"
steps = 2500
[stage.adapted]
use = "finetune"
data = "data"
model = "start"
adapter = "lora"
optimizer = { use = "average", optimizer = "lion" }
checkpoint_seconds = 0.03
steps = 20000
[stage.pruned]
use = "prune-retrain"
data = "data"
model = { use = "mlp", hidden = [32] }
steps = 5000
rounds = 4
rewind = 100
[stage.dictionary]
use = "train-sae"
data = "data"
model = "start"
site = "hidden1.act"
sae = { use = "batch-topk", latents = 64, k = 4 }
buffer = 0.05
steps = 8000
T
states() { ls "$1/long/midway" 2>/dev/null | grep -v ^.tmp | cut -d- -f1 | sort -u | wc -l; }
# Kills the run once $2 stages have left states newer than its beginning.
disturb() {
  touch "before-$1"
  setsid "$assay" run long.toml -q --jobs 6 --set "study.isolation=$1" --results "$1" >/dev/null 2>&1 & local run=$!
  for _ in $(seq 600); do
    local fresh
    fresh=$(find "$1/long/midway" -name '*.h5' ! -name '.tmp*' -newer "before-$1" 2>/dev/null | sed 's/.*midway.//; s/-.*//' | sort -u | wc -l)
    [[ $fresh -ge $2 ]] && break
    sleep 0.02
  done
  kill -9 -- -$run; wait $run 2>/dev/null
  [[ $(states "$1") -ge $2 ]] || fail "only $(states "$1") states were left in $1"
}
"$assay" run long.toml -q --jobs 2 --results whole >/dev/null || fail "the run that nobody disturbs"
for isolation in thread process; do
  disturb $isolation 6
  [[ $(ls $isolation/long/artifacts | grep -vc ^.tmp) -le 1 ]] || fail "the trainings were too short to kill"
  disturb $isolation 3
  "$assay" run long.toml -q --jobs 2 --set study.isolation=$isolation --results $isolation >out 2>err || fail "going on"
  grep -q "going on from" out err && fail "a quiet run tells of its states"
  [[ $(grep -c "going on from" $isolation/long/log.txt) -ge 6 ]] || fail "it did not go on"
  [[ ! -e $isolation/long/midway ]] || fail "states are left over"
  /usr/bin/python3 "$source/tests/scripts/same_results.py" whole/long $isolation/long || fail "other bits in $isolation"
done
echo good
