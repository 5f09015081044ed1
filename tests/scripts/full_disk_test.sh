#!/usr/bin/env bash
# Disks that are full, read-only, limited or gone: a clear message, exit code 3, nothing stored is
# harmed, and the same command goes on afterwards.
set -u
assay=$1 scratch=$2
# The file systems are mounted in a name space of this test alone.
if [[ ${ASSAY_PRIVATE_MOUNTS:-} != yes ]]; then
  rm -rf "$scratch" && mkdir -p "$scratch" || exit 1
  if unshare -m true 2>/dev/null; then
    ASSAY_PRIVATE_MOUNTS=yes exec unshare -m --propagation private bash "$0" "$@"
  fi
  echo "mounting is not allowed here: full and read-only disks are not tested"
fi
cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; [[ -s err ]] && cat err; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }
code_of() { # expected code, what, command…
  local want=$1 what=$2; shift 2
  "$@" >out 2>err; local code=$?
  [[ $code -eq $want ]] || fail "$what: exit code $code, expected $want"
}
until_stored() { # the first cells of the study on the disk
  for _ in $(seq 200); do compgen -G "disk/grid/segments/*.h5" >/dev/null && return; sleep 0.05; done
}
cells() { "$assay" export grid.toml --results "$1" | cut -d, -f1,2,3,5 | sort; }

cat >grid.toml <<'T'
[study]
name = "grid"
seeds = 2
[stage.a]
use = "noop"
[sweep]
"a.value" = [1, 2, 3, 4, 5, 6]
[table]
value = "a.value"
T
cat >slow.toml <<'T'
[study]
name = "grid"
seeds = 1
[stage.a]
use = "sleep"
seconds = 0.15
[sweep]
"a.value" = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]
T
cat >model.toml <<'T'
[study]
name = "model"
seeds = 3
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
"$assay" run grid.toml -q --results whole >/dev/null || fail "a run"

if [[ ${ASSAY_PRIVATE_MOUNTS:-} == yes ]] && mkdir disk && mount -t tmpfs -o size=256k tmpfs disk 2>/dev/null; then
  # Full before it begins: said before anything is computed.
  "$assay" run grid.toml -q --results disk --set study.seeds=1 >/dev/null || fail "a first run"
  before=$(cells disk --set study.seeds=1)
  cat /dev/zero >disk/filler 2>/dev/null
  code_of 3 "a full disk" "$assay" run grid.toml --results disk
  expect "$(cat err)" "No space left on device; free space and run the same command again"
  [[ ! -s out ]] || fail "a table of what is not stored"
  expect "$("$assay" status grid.toml --results disk)" "6 done, 0 failed, 6 missing"
  rm disk/filler
  code_of 0 "after space is made" "$assay" run grid.toml --results disk
  expect "$(cat err)" "(6 stored)"
  diff <(cells whole) <(cells disk) || fail "other results after a full disk"

  # Full in the middle: what is computed waits in memory, and is saved as soon as that is possible.
  for isolation in thread process; do
    rm -rf disk/*
    "$assay" run slow.toml --results disk --jobs 1 --set study.isolation=$isolation >out 2>err & run=$!
    until_stored; cat /dev/zero >disk/filler 2>/dev/null
    wait $run; [[ $? -eq 3 ]] || fail "exit code of a disk that fills up, $isolation"
    if [[ $isolation == thread ]]; then
      expect "$(cat err)" "not saved yet"
      expect "$(cat err)" "could not be saved: cannot "
    else # what stages hand to each other lies on the same disk
      expect "$(cat err)" "No space left on device; free space and run the same command again"
      grep -q "failed" err && fail "a full disk counts as a failure of cells"
    fi
    stored=$("$assay" status slow.toml --results disk | sed 's/.*: \([0-9]*\) done.*/\1/')
    [[ $stored -ge 1 && $stored -lt 20 ]] || fail "$stored cells stored on a disk that filled up"
    grep -q "20/20 cells" err && fail "cells that are not saved count as done"
    rm disk/filler
    code_of 0 "going on" "$assay" run slow.toml --results disk --jobs 4 --set study.isolation=$isolation
    expect "$(cat err)" "($stored stored)"
    expect "$("$assay" status slow.toml --results disk)" "20 done, 0 failed, 0 missing"
  done
  rm -rf disk/*
  "$assay" run slow.toml --results disk --jobs 1 >out 2>err & run=$!
  sleep 1; cat /dev/zero >disk/filler 2>/dev/null; sleep 1; rm disk/filler
  wait $run || fail "a disk that was full for a while"
  expect "$("$assay" status slow.toml --results disk)" "20 done, 0 failed, 0 missing"

  # Checkpoints that do not fit: the cells are right, and it is said once.
  umount disk && mount -t tmpfs -o size=96k tmpfs disk
  "$assay" run model.toml -q --results whole >/dev/null || fail "a study with checkpoints"
  mkdir -p disk/model/artifacts && mount -t tmpfs -o size=4k tmpfs disk/model/artifacts
  "$assay" run model.toml -q --results disk >out 2>err; code=$?
  [[ $code -eq 0 ]] || fail "checkpoints that do not fit: exit code $code"
  [[ $(grep -c "the checkpoint of base is not kept" err) -eq 1 ]] || fail "said once"
  "$assay" export model.toml --results disk | cut -d, -f3 --complement | diff - <("$assay" export model.toml --results whole | cut -d, -f3 --complement) || fail "other results without checkpoints"
  umount disk/model/artifacts; umount disk

  # Read-only.
  mkdir -p fixed && "$assay" run grid.toml -q --results fixed --set study.seeds=1 >/dev/null
  mount --bind fixed fixed && mount -o remount,bind,ro fixed || fail "a read-only mount"
  code_of 3 "a read-only folder" "$assay" run grid.toml --results fixed
  expect "$(cat err)" "Read-only file system; make it writable, or name another folder with --results"
  code_of 0 "a read-only folder with everything in it" "$assay" run grid.toml --results fixed --set study.seeds=1
  [[ $(wc -l <out) -gt 5 ]] || fail "no table of a read-only folder"
  "$assay" status grid.toml --results fixed >out || fail "status of a read-only folder"
  "$assay" fsck fixed/grid >out 2>err; [[ $? -eq 0 ]] || fail "fsck of a read-only folder: $(cat out)"
  umount fixed
  code_of 0 "writable again" "$assay" run grid.toml --results fixed
elif [[ ${ASSAY_PRIVATE_MOUNTS:-} == yes ]]; then
  echo "mounting is not allowed here: full and read-only disks are not tested"
fi

# A limit on file sizes is met like a full disk; its signal kills nobody.
(ulimit -f 4; code_of 3 "a limit on file sizes" "$assay" run grid.toml -q --results limited)
[[ $? -eq 0 ]] || exit 1
expect "$(cat err)" "File too large; raise the limit on file sizes (ulimit -f)"
code_of 0 "without the limit" "$assay" run grid.toml -q --results limited
diff <(cells whole) <(cells limited) || fail "other results after a limit"

# Few file handles: it works, or says so.
for handles in 6 8 10 12 16 24 64; do
  for isolation in thread process; do
    rm -rf few
    (ulimit -n $handles; "$assay" run grid.toml -q --jobs 8 --results few --set study.isolation=$isolation >out 2>err)
    code=$?
    case $code in
      0) ;;
      1 | 2 | 3 | 127) grep -qiE "too many open files|not start|no pipe" err out || fail "$handles handles, $isolation: code $code" ;;
      *) fail "$handles handles, $isolation: code $code" ;;
    esac
    [[ $code -eq 0 ]] && last=$handles
    code_of 0 "after $handles handles" "$assay" run grid.toml -q --results few --set study.isolation=$isolation
    diff <(cells whole) <(cells few) || fail "other results after $handles handles"
  done
done
[[ ${last:-0} -eq 64 ]] || fail "64 handles are not enough"

# The folder is deleted while the study runs.
"$assay" run slow.toml -q --results gone --jobs 1 >out 2>err & run=$!
sleep 1.3; rm -rf gone
wait $run; [[ $? -eq 3 ]] || fail "exit code of a deleted folder"
expect "$(cat err)" "could not be saved: cannot create gone/grid/segments/"
code_of 0 "after a deleted folder" "$assay" run slow.toml -q --results gone --jobs 20

# What stands beside the cells cannot be written, but the cells can.
for file in study.h5 study.toml; do
  rm -rf beside && mkdir -p beside/grid/$file
  code_of 3 "$file is a folder" "$assay" run grid.toml -q --results beside
  expect "$(cat err)" "assay: $file is not written: cannot rename to beside/grid/$file: Is a directory"
  expect "$(cat out)" "6 ± 0"
  expect "$("$assay" status grid.toml --results beside)" "12 done"
  rmdir beside/grid/$file
  [[ $file == study.toml ]] && rm -r beside/grid/segments
  code_of 0 "$file again" "$assay" run grid.toml -q --results beside
  [[ -f beside/grid/$file ]] || fail "$file is still missing"
done
for log in folder pipe full; do
  rm -rf beside && mkdir -p beside/grid
  case $log in
    folder) mkdir beside/grid/log.txt ;;
    pipe) mkfifo beside/grid/log.txt ;;
    full) ln -s /dev/full beside/grid/log.txt ;;
  esac
  code_of 0 "the log is a $log" timeout 20 "$assay" run grid.toml -q --results beside
  [[ $(grep -c "the log is not kept" err) -eq 1 ]] || fail "a log that is a $log: $(cat err)"
done
echo good
