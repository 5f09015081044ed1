#!/usr/bin/env bash
# Every study under configs/ is valid, runs in its smoke profile, and gives the same bits with one job
# and with two, and when it is interrupted half-way.
set -eu
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
"$assay" validate "$source"/configs/*.toml "$source"/configs/*/*.toml >/dev/null
for study in "$source"/configs/*.toml "$source"/configs/*/*.toml; do
  name=$(sed -n 's/^name = "\(.*\)"/\1/p' "$study" | head -1)
  "$assay" run "$study" --profile smoke --jobs 1 --quiet --results one >one.txt
  "$assay" run "$study" --profile smoke --jobs 2 --quiet --results two >two.txt
  "$assay" run "$study" --profile smoke --set study.isolation=process --quiet --results three >three.txt
  for other in two three; do
    cmp one.txt $other.txt
    # Every metric to the last bit; the time that a cell took is left out.
    python3 - "one/$name" "$other/$name" "$assay" <<'P'
import csv, io, subprocess, sys
def rows(folder):
    text = subprocess.run([sys.argv[3], "export", folder], check=True, capture_output=True, text=True).stdout
    return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(io.StringIO(text))]
first, second = rows(sys.argv[1]), rows(sys.argv[2])
assert first == second and all(row["status"] == "done" for row in first)
P
  done
  echo "$name: good"
done
