#!/usr/bin/env bash
# Studies that decide from results what to run next: seeds until claims are decided, and a greedy path. Large effects stop early
# and what is nothing goes to the end; a run that was interrupted, worker processes and more jobs come to the same file; other
# commands see what was run.
set -u
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

cat >seeds.toml <<'T'
[study]
name = "seeds"
seeds = { min = 6, max = 30, until = "decided" }
[stage.system]
use = "planted"
effects = [1.0, 0.6, 0.3, 0.0, -0.2]
interaction = 0.5
noise = 0.2
[ablation]
design = "leave-one-out"
value = "system.score"
[[ablation.part]]
path = "system.a"
[[ablation.part]]
path = "system.d"
[[ablation.part]]
path = "system.e"
[[claim]]
text = "a helps"
metric = "system.score"
best = "highest"
better = { ablation = "full" }
worse = { ablation = "without a" }
[[claim]]
text = "d helps, which is not so"
metric = "system.score"
best = "highest"
better = { ablation = "full" }
worse = { ablation = "without d" }
[table]
value = "system.score"
T

# Before anything has run: the range of cells, the looks, what the claims can find.
"$assay" plan seeds.toml >plan || fail "plan"
grep -q "4 variants x 6 to 30 seeds = 24 to 96 cells, 0 stored" plan || fail "range of cells: $(cat plan)"
grep -q "looks at 6, 9, 14, 21, 30 seeds" plan || fail "looks"
grep -q 'claim "a helps": looked at from 6 seeds on; with 30 it finds a difference of' plan || fail "outlook"

"$assay" run seeds.toml --jobs 1 >whole 2>whole.log || fail "run: $(cat whole.log)"
grep -q "^2 of 2 claims are open at 6 seeds; on to 9" whole.log || fail "rounds are not told: $(cat whole.log)"
grep -q "decided at 9 of up to 30 seeds" whole || fail "the large effect: $(cat whole)"
grep -q "not decided at 30 of up to 30 seeds" whole || fail "the null: $(cat whole)"
grep -qE "^without e.*\(n=6\)" whole || fail "n of a variant without a claim: $(cat whole)"
grep -qE "^without a.*\(n=9\)" whole || fail "n of a decided variant"
grep -q "over n = 30 seeds where no other n is given" whole || fail "n of the table"
"$assay" claims results/seeds >claims
grep -q "^REPRODUCED: a helps" claims || fail "claims of the folder"
grep -q "^INCONCLUSIVE: d helps" claims || fail "claims of the folder"
while IFS= read -r line; do grep -qxF -- "$line" whole || fail "claims and run differ: $line"; done <claims
"$assay" claims results/seeds --json | /usr/bin/python3 -c '
import json, sys
looks = [claim["look"] for claim in json.load(sys.stdin)]
assert looks == [{"seeds": 9, "of": 30}, {"seeds": 30, "of": 30}], looks' || fail "looks in JSON"
"$assay" run seeds.toml --jobs 1 >again 2>again.log || fail "run again"
grep -q "^everything is stored: 75 cells" again.log || fail "what is stored: $(cat again.log)"
cmp -s whole again || fail "a second run tells another story"
"$assay" plan results/seeds >plan
grep -q "75 stored" plan && grep -q "^to run: 0 stages" plan || fail "plan of a folder: $(cat plan)"
"$assay" status results/seeds | grep -q "75 cells: 75 done, 0 failed, 0 missing" || fail "status"
"$assay" why results/seeds | grep -q "75 cells: 75 stored" || fail "why"
"$assay" why results/seeds 119 | grep -q "not asked for" || fail "why of a cell that no round wanted"
"$assay" verify results/seeds --quiet --sample 9 >out || fail "verify: $(cat out)"
"$assay" fsck results/seeds | grep -q "75 of 75 cells are whole" || fail "fsck"

# Everything but times and what the study says of itself.
cat >same_table.py <<'PYTHON'
import h5py, sys
def contents(file):
    found = {}
    def add(name, item):
        if isinstance(item, h5py.Dataset) and "seconds" not in name and "provenance" not in name:
            found[name] = (item.shape, str(item.dtype), str(item[()].tolist()))
    h5py.File(file).visititems(add)
    return found
one, other = map(contents, sys.argv[1:3])
assert one.keys() == other.keys() and "cells/system.score" in one, one.keys() ^ other.keys()
assert one == other, [name for name in one if one[name] != other[name]]
PYTHON

# Stopped after each cell or few, in worker processes, with more jobs: the same file, to the bit.
for how in 'study.isolation="thread"' 'study.isolation="process"'; do
  rm -rf other && stops=0
  until "$assay" run seeds.toml --jobs 3 --quiet --set "$how" --results other >/dev/null 2>&1; do
    stops=$((stops + 1)); [[ $stops -lt 400 ]] || fail "it does not end"
  done &
  loop=$!
  for _ in 1 2 3 4 5 6 7 8; do
    sleep 0.07
    pids=$(pgrep -P $loop) && kill -TERM $pids 2>/dev/null
  done
  wait $loop || fail "going on with $how"
  /usr/bin/python3 same_table.py results/seeds/study.h5 other/seeds/study.h5 || fail "study.h5 with $how"
  "$assay" claims other/seeds >other.claims
  cmp -s claims other.claims || fail "verdicts with $how"
done

# A profile may set a plain number of seeds; then claims are decided as always.
"$assay" run seeds.toml --quiet --set study.seeds=12 --set study.name=plain >out || fail "plain seeds"
grep -q "(Holm:" out || fail "plain seeds"
# More stored than the looks ask for does not count.
mkdir -p rich && "$assay" run seeds.toml --quiet --set study.seeds=30 --results rich >/dev/null || fail "all seeds"
"$assay" run seeds.toml --results rich >rich.out 2>rich.log || fail "looks over what is stored"
cmp -s whole rich.out || fail "what is stored beyond the looks counts: $(diff whole rich.out)"

# Cells that fail: their seeds are dropped, a claim that has none left gets no more, and a run tries them once.
sed 's/^name = "seeds"/name = "failing"/; s/^path = "system.d"/name = "d"\nwithout = { "system.d" = false, "check.fail" = true }/' seeds.toml >failing.toml
printf '[stage.check]\nuse = "fail"\nfail = false\n' >>failing.toml
for _ in first second; do
  "$assay" run failing.toml --jobs 2 >failing.out 2>failing.log
  [[ $? -eq 1 ]] || fail "exit code with failed cells: $(cat failing.log)"
  grep -q "decided at 9 of up to 30 seeds" failing.out || fail "beside failed cells: $(cat failing.out)"
  grep -q "6 seeds, none of which has all its cells done" failing.out || fail "a claim without seeds: $(cat failing.out)"
done
[[ $(tail -1 failing.log) == "18/24 cells (18 stored), 6 failed"* ]] || fail "failed cells tried again: $(cat failing.log)"
"$assay" status results/failing | grep -q "30 cells: 24 done, 6 failed, 0 missing" || fail "status with failed cells"

# A path whose order is found: d and e cost least, then c, and b before a.
sed -e '/^\[\[claim/,/^$/d' "$source/configs/ablations/planted.toml" |
  sed 's/^design = .*/design = "path"\norder = "greedy"\nbest = "highest"/' >path.toml
"$assay" plan path.toml | grep -q "16 variants x 16 seeds = 256 cells, 0 stored" || fail "plan of a path"
"$assay" run path.toml --jobs 2 >path.out 2>path.log || fail "path: $(cat path.log path.out)"
"$assay" effects results/ablations-planted >effects || fail "effects"
[[ $(sed -n 's/^  \([a-e]\) .*/\1/p' effects | tr -d '\n') == edcba ]] || fail "order: $(cat effects)"
grep -q "each time the part that cost least by system.score (highest is best)" effects || fail "convention"
grep -q '! the order was chosen by these values' effects || fail "warning"
grep -q 'ablation.order = \["e", "d", "c", "b", "a"\] with another study.seed' effects || fail "remedy"
grep -q "256 of 256 cells are whole" <("$assay" fsck results/ablations-planted) || fail "fsck of a path"
"$assay" table results/ablations-planted | grep -q "^bare" || fail "table of a path"
"$assay" verify results/ablations-planted --quiet --sample 9 >/dev/null || fail "verify of a path"
# Watching ends, since nothing more can be asked for.
"$assay" watch results/ablations-planted >seen || fail "watch of a path"
grep -q "256 of 256 cells, 100%" seen || fail "watch of a path: $(cat seen)"
"$assay" report results/ablations-planted >/dev/null || fail "report of a path"
# The remedy, as it is printed.
"$assay" run path.toml --quiet --set 'ablation.order=["e", "d", "c", "b", "a"]' --set study.seed=1 --set study.name=fresh >out ||
  fail "remedy: $(cat out)"
grep -qE "^  a +\+1\.0|^  a +\+0\.9" out || fail "the last part by itself: $(cat out)"
"$assay" run path.toml --quiet --set ablation.order=greedy-most --set study.name=most >out || fail "the other convention"
[[ $(sed -n 's/^  \([a-e]\) .*/\1/p' out | tr -d '\n') == abcde ]] || fail "the other order: $(cat out)"
echo "75 and 256 cells, in rounds"
