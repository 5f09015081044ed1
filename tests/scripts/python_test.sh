#!/usr/bin/env bash
# study.h5 opens in h5py and in xarray with both engines, axes as labelled dimensions.
set -eu
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
"$assay" run "$source/configs/quickstart.toml" --profile smoke --quiet >/dev/null
/usr/bin/python3 "$source/tests/scripts/read_study.py" results/quickstart
