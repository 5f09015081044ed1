#!/usr/bin/env bash
# study.h5 opens in h5py and in xarray with both engines, axes as labelled dimensions.
set -eu
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
"$assay" run "$source/configs/quickstart.toml" --profile smoke --quiet >/dev/null
/usr/bin/python3 "$source/tests/scripts/read_study.py" results/quickstart
# Every example of the page runs as it stands.
awk '/^```python/ {n++; file = "example" n ".py"; next} /^```/ {file = ""} file {print > file}' "$source/docs/results-in-python.md"
[[ $(ls example*.py | wc -l) -ge 3 ]]
for example in example*.py; do PATH=$(dirname "$assay"):$PATH /usr/bin/python3 "$example" >/dev/null; done
