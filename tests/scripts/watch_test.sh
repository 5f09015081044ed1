#!/usr/bin/env bash
# A view of a study at rest, while it runs, and with damage; watching changes nothing.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }

cat >mixed.toml <<'T'
[study]
name = "mixed"
title = "Good and bad"
seeds = 2
[stage.a]
use = "fail"
message = "no luck"
[stage.b]
use = "noop"
[sweep]
"a.fail" = [true, false]
"b.value" = [1, 2, 3]
T
view=$("$assay" watch mixed.toml) || fail "before anything has run"
expect "$view" "0 of 12 cells, 0%"
expect "$view" "nothing has finished yet"
"$assay" run mixed.toml --quiet >/dev/null
view=$("$assay" watch results/mixed --once) || fail "at rest"
"$assay" watch results/mixed --every 0.1 2>err; [[ $? -eq 2 ]] || fail "looks without a pause"
grep -qF -- "--every = 0.1 is out of range; allowed: 0.2 to 3600 seconds" err || fail "the message: $(cat err)"
expect "$view" "mixed: Good and bad"
expect "$view" "6 of 12 cells, 50%, 6 failed"
expect "$view" "b.value"
expect "$view" "failed in a: no luck (cell 0 and 5 more)"

cat >sleep.toml <<'T'
[study]
name = "sleep"
[stage.a]
use = "sleep"
seconds = 0.3
[sweep]
"a.value" = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]
T
"$assay" run sleep.toml --jobs 1 --quiet >/dev/null 2>&1 &
runner=$!
for _ in $(seq 100); do
  view=$("$assay" watch results/sleep --once 2>/dev/null)
  grep -q "cells/s of late" <<<"$view" && break
  sleep 0.1
done
expect "$view" "cells/s of late"
wait $runner || fail "the run that was watched"
expect "$("$assay" watch results/sleep --once)" "12 of 12 cells, 100%"

# Damage is passed over and left where it is: a run or fsck sets it aside.
segment=$(ls results/mixed/segments/*.h5 | head -1)
printf x | dd of="$segment" bs=1 seek=100 conv=notrunc status=none
before=$(find results/mixed -type f -printf '%p %s %T@\n' | sort)
"$assay" watch results/mixed --once >/dev/null || fail "with damage"
[[ $(find results/mixed -type f -printf '%p %s %T@\n' | sort) == "$before" ]] || fail "watching changed the folder"
"$assay" watch results/none 2>/dev/null; [[ $? -eq 2 ]] || fail "a study that is not there"
