#!/usr/bin/env bash
# What a run does about signals: SIGTERM and SIGUSR1 of schedulers (exit code 75 within 5 s), SIGINT (130), a second one.
set -u
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }
now() { echo $(($(date +%s%N) / 1000000)); }
status() { "$assay" status "$1.toml" --results "$2"; }
wait_for() { for _ in $(seq 500); do eval "$1" && return; sleep 0.02; done; fail "in vain: $1"; }
# start STUDY RESULTS OPTIONS…: a run in a group of processes of its own; its id is in $run.
start() { setsid "$assay" run "$1.toml" -q --results "$2" "${@:3}" >/dev/null 2>"$2.err" & run=$!; }
# ended CODE MILLISECONDS: the run ends with the code within the time since $began.
ended() {
  wait $run; local code=$? took=$(($(now) - began))
  [[ $code -eq $1 ]] || fail "exit code $code instead of $1: $(cat ./*.err)"
  [[ $took -le $2 ]] || fail "it took $took ms"
  echo "  exit code $code after $took ms"
}

cat >long.toml <<'T'
[study]
name = "long"
[stage.data]
use = "load"
dataset = "digits"
[stage.base]
use = "train"
data = "data"
model = { use = "mlp", hidden = [64] }
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["nll"]
[sweep]
"base.steps" = [10, 120000]
T
cat >deaf.toml <<'T'
[study]
name = "deaf"
[stage.a]
use = "sleep"
deaf = true
[sweep]
"a.seconds" = [0.1, 100]
T

"$assay" run long.toml -q --results whole >/dev/null || fail "the run that nobody disturbs"
for isolation in thread process; do
  for signal in TERM USR1; do
    echo "SIG$signal, $isolation"
    results=$signal-$isolation
    # To the whole group, as schedulers do: workers must leave it to the run.
    start long $results --set study.isolation=$isolation --jobs 2
    wait_for "[[ -n \$(ls $results/long/artifacts/*.h5 2>/dev/null) ]]"
    sleep 1.3
    began=$(now); kill -$signal -- -$run; ended 75 5000
    expect "$(cat $results.err)" "stopped by SIG$signal: 1 cells finished in this run and are stored; go on with"
    expect "$(cat $results.err)" "assay run long.toml -q --results $results"
    [[ -n $(ls $results/long/midway/*.h5) ]] || fail "no state of the training was left"
    [[ -z $(ls -d $results/long/scratch-* 2>/dev/null) ]] || fail "a scratch folder is left"
    [[ -z $(ps -o pid= --sid $run) ]] || fail "a process is left"
    expect "$(status long $results)" "1 done, 0 failed, 1 missing"
    "$assay" run long.toml -q --results $results --set study.isolation=$isolation >/dev/null || fail "going on"
    /usr/bin/python3 "$source/tests/scripts/same_results.py" whole/long $results/long || fail "other bits"

    # A stage that never looks at the wish to stop is left behind.
    start deaf deaf-$results --set study.isolation=$isolation --jobs 2
    sleep 0.8
    began=$(now); kill -$signal $run; ended 75 5000
    expect "$(cat deaf-$results.err)" "1 stage that was running did not stop in time"
    expect "$(cat deaf-$results.err)" "stopped by SIG$signal: 1 cells finished"
    expect "$(status deaf deaf-$results)" "1 done, 0 failed, 1 missing"
    [[ -z $(ls -d deaf-$results/deaf/scratch-* 2>/dev/null) ]] || fail "a scratch folder is left"
    wait_for "[[ -z \$(ps -o pid= --sid $run) ]]"
  done
done

echo "SIGINT"
for isolation in thread process; do
  start long int-$isolation --set study.isolation=$isolation --jobs 2
  wait_for "[[ -n \$(ls int-$isolation/long/artifacts/*.h5 2>/dev/null) ]]"
  sleep 1.3
  began=$(now); kill -INT -- -$run; ended 130 5000
  [[ -n $(ls int-$isolation/long/midway/*.h5) ]] || fail "no state of the training was left"
  expect "$(status long int-$isolation)" "1 done, 0 failed, 1 missing"
done
echo "a second signal"
start deaf second --jobs 2; sleep 0.5; kill -INT $run; sleep 0.2; began=$(now); kill -INT $run; ended 130 500
start deaf second --jobs 2; sleep 0.5; kill -TERM $run; sleep 1.2; began=$(now); kill -TERM $run; ended 75 500
start deaf second --jobs 2; sleep 0.5; kill -USR1 $run; sleep 0.2; began=$(now); kill -TERM $run; ended 75 500
# But the same one twice in a moment is what `timeout` sends: one wish.
start long twice --jobs 2; sleep 0.5; kill -TERM $run; kill -TERM -- -$run; began=$(now); ended 75 5000
expect "$(cat twice.err)" "go on with"
echo good
