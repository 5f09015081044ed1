#!/usr/bin/env bash
# Ablations and claims from the study to the verdict: a study whose true effects are known, one in which
# nothing differs, exit codes, and what a plan says beforehand.
set -eu
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
planted=$source/configs/ablations/planted.toml null=$source/configs/ablations/null.toml

"$assay" run "$planted" --quiet >out
grep -q "^what each part adds to system.score" out
grep -q "^REPRODUCED: a helps" out
code=0; "$assay" claims "$planted" --json >claims.json || code=$?
[[ $code -eq 3 ]] || { echo "exit code $code of claims, one of which does not hold"; exit 1; }
"$assay" effects results/ablations-planted --json >effects.json
/usr/bin/python3 - <<'PYTHON'
import json
verdicts = [claim["verdict"] for claim in json.load(open("claims.json"))]
assert verdicts == ["REPRODUCED", "REPRODUCED", "NOT REPRODUCED", "REPRODUCED", "REPRODUCED", "REPRODUCED"], verdicts
effects = json.load(open("effects.json"))[0]
truth = {"a": 1.25, "b": 0.85, "c": 0.3, "d": 0.0, "e": -0.2}
for part in effects["parts"]:
    low, high = part["interval"]
    # 99.9% rather than the 95% of each: five intervals, of which none may fail by chance.
    middle, half = (low + high) / 2, 2 * (high - low) / 2
    assert abs(middle - truth[part["name"]]) < half, part
    assert part["seeds"] == 16 and part["dropped"] == 0
for pair in effects["interactions"]:
    low, high = pair["interval"]
    true = 0.5 if pair["name"] == "a x b" else 0.0
    assert abs((low + high) / 2 - true) < high - low, pair
assert sum(part["effect"] for part in effects["parts"]) > 2.0
PYTHON

# Other designs of the same parts find the same truth. (The claims are about systems that not all of them have.)
sed '/^\[\[claim/,/^$/d' "$planted" >parts.toml
for design in leave-one-out pairs factorial add-one-in path; do
  "$assay" run parts.toml --quiet --set "ablation.design=$design" --set "study.name=$design" --set "study.seeds=12" >"$design.out" 2>&1 ||
    { cat "$design.out"; exit 1; }
done
grep -qE "^  a +\+1\.[45]" leave-one-out.out
grep -qE "^  a +\+1\.2" factorial.out
grep -qE "^  a x b +\+0\.[45]" factorial.out
# The analysis of variance agrees: of one degree of freedom, F is large for what has an effect, and d has none.
grep -qE "^  a +F\(1, [0-9]+\) = [0-9.e+]+, p < 0\.001, partial eta squared 0\.9" factorial.out
grep -qE "^  a:b +F\(1, [0-9]+\) = [0-9.e+]+, p < 0\.001" factorial.out
grep -qE "^  d +F\(1, [0-9]+\) = [0-9.e-]+, p = 0\.[0-9]+, partial eta squared 0\.0" factorial.out
grep -qE "^  a +\+(0\.9|1\.0)" add-one-in.out
"$assay" plan parts.toml --set ablation.design=factorial --set ablation.resolution=5 --set study.name=half | grep -q "16 variants"

"$assay" run "$null" --quiet >out
code=0; "$assay" claims "$null" >out || code=$?
[[ $code -eq 3 && $(grep -c "^INCONCLUSIVE" out) -eq 2 ]]

# Five seeds cannot pass an exact test; the plan says so before anything has run.
"$assay" plan "$null" --set study.seeds=5 --set study.name=five >out
grep -q 'claim "a helps": cannot be decided by 5 seeds (sign flips); it needs 6' out
# A failed cell leaves its seed out, and says so.
"$assay" claims "$null" --set study.name=never-run >out || code=$?
grep -q "^INCONCLUSIVE" out
grep -q "12 seeds, none of which has all its cells done" out
