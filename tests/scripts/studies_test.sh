#!/usr/bin/env bash
# Every study under configs/ is valid, runs in its smoke profile, and gives the same bits, metrics, curves and
# checkpoints, in worker processes and when every cell runs again with one thread and with four in a shuffled order.
set -eu
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
"$assay" validate "$source"/configs/*.toml "$source"/configs/*/*.toml >/dev/null
for study in "$source"/configs/*.toml "$source"/configs/*/*.toml; do
  name=$(sed -n 's/^name = "\(.*\)"/\1/p' "$study" | head -1)
  "$assay" run "$study" --profile smoke --jobs 2 --quiet --results one >one.txt
  "$assay" run "$study" --profile smoke --set study.isolation=process --quiet --results two >two.txt
  cmp one.txt two.txt
  "$assay" diff "one/$name" "two/$name" >diff.txt || { echo "$study:"; cat diff.txt; exit 1; }
  "$assay" verify "one/$name" --sample all --jobs 4 --quiet >verify.txt || { echo "$study:"; cat verify.txt; exit 1; }
  echo "$name: $(tail -1 verify.txt)"
done
