#!/usr/bin/env bash
# Limits end a cell alone, say which and what was measured, and leave the next cells in peace; memory of a run does not grow
# with its cells.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qE -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }

cat >memory.toml <<'T'
[study]
name = "memory"
isolation = "process"
limits = { memory = "300MiB" }
[stage.a]
use = "allocate"
step = 1
[sweep]
"a.megabytes" = [100000, 10, 20, 30]
T
out=$("$assay" run memory.toml -q --jobs 1 2>/dev/null); [[ $? -eq 1 ]] || fail "exit code of a cell over its limit"
expect "$out" "failed in stage a: ended over study.limits.memory = 300MiB: its process held [34][0-9]{2} MB"
expect "$("$assay" status memory.toml)" "3 done, 1 failed, 0 missing"
"$assay" run memory.toml --jobs 1 >/dev/null 2>err; [[ $? -eq 1 ]] || fail "it failed again"
expect "$(cat err)" "3/4 cells \(3 stored\), 1 failed"
# All at once: refused before it is touched, or ended. The stage's own limit counts.
sudden=(--results sudden --set a.step=0 --set a.limits.memory=200MB)
out=$("$assay" run memory.toml -q --jobs 1 "${sudden[@]}" 2>/dev/null)
expect "$out" "failed in stage a: (out of memory under|ended over) a.limits.memory = 200MB: .* held [0-9]+ MB"
expect "$("$assay" status memory.toml "${sudden[@]}")" "3 done, 1 failed, 0 missing"
# What a stage left behind does not count against the next one.
sed 's/100000, 10, 20, 30/280, 40, 270, 50/; s/step = 1/step = 0/; s/300MiB/350MB/' memory.toml >after.toml
"$assay" run after.toml -q --jobs 1 --results after >/dev/null || fail "within the limit"

cat >time.toml <<'T'
[study]
name = "time"
isolation = "process"
limits = { time = "1h", memory = "1 TB" }
[stage.a]
use = "sleep"
deaf = true
limits = { time = "0.5s" }
[sweep]
"a.seconds" = [50, 0.01, 0.02]
T
SECONDS=0
out=$("$assay" run time.toml -q --jobs 1 2>/dev/null); [[ $? -eq 1 ]] || fail "exit code of a cell over its time"
[[ $SECONDS -le 10 ]] || fail "it took $SECONDS s"
expect "$out" "failed in stage a: ended over a.limits.time = 0.5s: it had run for (0\.[5-9]|[12]\.[0-9]) s"
expect "$("$assay" status time.toml)" "2 done, 1 failed, 0 missing"
# Limits are in no key.
few=(--results keys --set 'sweep."a.seconds"=[0.01, 0.02]')
"$assay" run time.toml -q "${few[@]}" >/dev/null || fail "in time"
"$assay" run time.toml "${few[@]}" --set a.limits.time=2min 2>err >/dev/null || fail "another limit"
expect "$(cat err)" "everything is stored: 2 cells"
"$assay" schema | python3 -c 'import json, sys; s = json.load(sys.stdin)["properties"]["study"]["properties"]["limits"]
assert s["type"] == "object" and set(s["properties"]) == {"time", "memory"}, s' || fail "the schema"

many() { # FIRST SECOND: a study of FIRST x SECOND cells
  python3 -c "print('[study]\nname = \"many\"\n[stage.a]\nuse = \"noop\"\n[sweep]'); print('\"a.value\" =', list(range($1))); print('\"a.other\" =', list(range($2)))"
}
# A hundred thousand cells stay under 300 MB.
many 1000 100 >many.toml
held=$(python3 -c "import resource, subprocess
subprocess.run(['$assay', 'run', 'many.toml', '-q'], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1000)")
echo "100,000 cells: $held MB"
[[ $held -gt 10 && $held -lt 300 ]] || fail "100,000 cells held $held MB"
# A worker holds no more after its last cell than after its first third.
many 40 50 >many.toml
"$assay" run many.toml -q --jobs 1 --results workers --set study.isolation=process >/dev/null & run=$!
held=()
while kill -0 $run 2>/dev/null; do
  worker=$(ps -o pid= --ppid $run | head -1)
  [[ -n $worker ]] && pages=$(awk '{print $2}' /proc/$((worker))/statm 2>/dev/null) && [[ -n $pages ]] && held+=("$pages")
  sleep 0.1
done
wait $run || fail "many cells in one worker"
[[ ${#held[@]} -ge 6 ]] || fail "the worker was seen only ${#held[@]} times"
middle=${held[$((${#held[@]} / 3))]} last=${held[-1]}
echo "one worker: $middle pages, then $last (${#held[@]} looks)"
[[ $last -le $((middle + middle / 20)) ]] || fail "a worker grows: ${held[*]}"
echo good
