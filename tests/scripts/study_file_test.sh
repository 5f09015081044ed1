#!/usr/bin/env bash
# Every group of every study.h5 that the unit test writes opens in h5py and in xarray with both engines.
set -eu
scratch=$2 source=$3 build=$4
rm -rf "$scratch" && mkdir -p "$scratch"
ASSAY_STUDY_OUT=$scratch "$build/tests/assay_tests" --source-file='*/tests/store/study_file_test.cpp' --no-intro
/usr/bin/python3 "$source/tests/store/read_study.py" "$scratch"
