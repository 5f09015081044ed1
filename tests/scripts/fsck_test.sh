#!/usr/bin/env bash
# Damaged, foreign and strange files in a results folder: what fsck, gc and the next run make of them.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; [[ -s err ]] && cat err; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }
code_of() { # expected code, what, command…
  local want=$1 what=$2; shift 2
  timeout 60 "$@" >out 2>err; local code=$?
  [[ $code -eq $want ]] || fail "$what: exit code $code, expected $want: $(cat out)"
}
flip() { # one bit of the byte in the middle
  python3 - "$1" <<'P'
import sys
with open(sys.argv[1], 'r+b') as f:
    f.seek(0, 2); at = f.tell() // 2; f.seek(at); b = f.read(1)[0]; f.seek(at); f.write(bytes([b ^ 8]))
P
}
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
"$assay" run model.toml -q >table 2>/dev/null || fail "a run"
folder=results/model
results() { "$assay" export model.toml | cut -d, -f3 --complement; }
results >whole
code_of 0 "a whole folder" "$assay" fsck $folder
expect "$(cat out)" "1 segment"
expect "$(cat out)" "3 of 3 cells are whole, 0 will be run by the next assay run"
code_of 0 "by the study" "$assay" fsck model.toml
[[ -z $(find results -name '*.bad') ]] || fail "something was set aside"

# Of each kind of file: a flipped bit, cut off, empty, a folder, a pipe, a device.
damage() { # how, file
  case $1 in
    flip) flip "$2" ;;
    cut) truncate -s -7 "$2" ;;
    empty) : >"$2" ;;
    foreign) rm "$2"; echo "something else altogether, longer than a trailer" >"$2" ;;
    folder) rm "$2"; mkdir "$2" ;;
    pipe) rm "$2"; mkfifo "$2" ;;
    device) rm "$2"; ln -s /dev/zero "$2" ;;
  esac
}
cp -r results good
for kind in segments artifacts; do
  for how in flip cut empty foreign folder pipe device; do
    [[ $kind-$how == segments-folder ]] && continue # passed over, as are other things that lie there
    rm -rf results && cp -r good results
    file=$(ls $folder/$kind/*.h5 | head -1)
    damage $how "$file"
    code_of 1 "$kind, $how, dry" "$assay" fsck $folder --dry-run
    expect "$(cat out)" "would be set aside"
    [[ -z $(find results -name '*.bad') ]] || fail "a dry run set $how aside"
    code_of 1 "$kind, $how" "$assay" fsck $folder
    expect "$(cat out)" "${file#"$folder"/}: "
    [[ -n $(find results -name '*.bad') ]] || fail "$how of $kind is not set aside"
    code_of 0 "$kind, $how, again" "$assay" fsck $folder
    rm -rf results && cp -r good results
    damage $how "$file"
    code_of 0 "a run over $kind, $how" "$assay" run model.toml -q
    results | diff - whole || fail "other results after $how of $kind"
  done
done

for how in flip cut empty folder; do
  rm -rf results && cp -r good results
  damage $how "$(ls $folder/origins/*.toml)"
  code_of 1 "origins, $how" "$assay" fsck $folder
  expect "$(cat out)" "origins/"
  code_of 0 "origins, $how, again" "$assay" fsck $folder
  [[ -n $(find results/model/origins -name '*.bad') ]] || fail "$how of an origin is not set aside"
done

# A damaged checkpoint that is needed: what it stood for runs again.
rm -rf results && cp -r good results
for artifact in $folder/artifacts/*.h5; do flip "$artifact"; done
more='eval.metrics=["parameter-count", "sparsity"]'
"$assay" run model.toml -q --set "$more" >out 2>err || fail "damaged checkpoints"
expect "$(cat out)" "sparsity"

# A newer format is left alone, and nothing is run or written.
rm -rf results && cp -r good results
file=$(ls $folder/segments/*.h5)
/usr/bin/python3 - "$file" <<'P' || fail "a newer segment could not be made"
import sys
import xxhash
data = open(sys.argv[1], 'rb').read()[:-32]
h = xxhash.xxh3_128_intdigest(data, seed=2)
tail = b'ASSAYH3\n' + len(data).to_bytes(8, 'little') + (h >> 64).to_bytes(8, 'little') + (h & (2**64 - 1)).to_bytes(8, 'little')
open(sys.argv[1], 'wb').write(data + tail)
P
find results -type f ! -name log.txt -exec sha1sum {} + | sort >before
code_of 3 "a newer segment" "$assay" run model.toml -q
expect "$(cat err)" "was written by a newer Assay (format 3, this one reads up to 2): use that one"
code_of 3 "fsck of a newer segment" "$assay" fsck $folder
code_of 3 "gc of a newer segment" "$assay" gc $folder
find results -type f ! -name log.txt -exec sha1sum {} + | sort | diff - before || fail "a newer folder was changed"

# The files beside the cells.
for how in flip cut empty foreign folder pipe device; do
  rm -rf results && cp -r good results
  damage $how $folder/study.h5
  code_of 1 "study.h5, $how, dry" "$assay" fsck $folder -n
  code_of 1 "study.h5, $how" "$assay" fsck $folder
  expect "$(cat out)" "study.h5: "
  cmp $folder/study.h5 good/model/study.h5 || fail "study.h5 is not the same again after $how"
  code_of 0 "study.h5, $how, again" "$assay" fsck $folder
done
for how in folder pipe device; do
  rm -rf results && cp -r good results
  damage $how $folder/study.toml
  code_of 3 "study.toml, $how, by folder" "$assay" fsck $folder
  expect "$(cat out)" "name the study file: assay fsck STUDY"
  code_of 3 "table of a study.toml that is a $how" "$assay" table $folder
  code_of 1 "study.toml, $how" "$assay" fsck model.toml
  cmp $folder/study.toml good/model/study.toml || fail "study.toml is not the same again"
done
rm -rf results && cp -r good results
rm $folder/study.h5 && mv $folder/segments/*.h5 elsewhere.h5 && ln -s "$PWD/nowhere.h5" $folder/segments/1.h5
code_of 3 "a link that leads nowhere" "$assay" run model.toml -q
expect "$(cat err)" "which is not there; bring that back, or remove the link"
code_of 3 "fsck of a link that leads nowhere" "$assay" fsck $folder
ln -sf "$PWD/elsewhere.h5" $folder/segments/1.h5
code_of 1 "a link to a segment" "$assay" fsck $folder
results | diff - whole || fail "a segment behind a link"

# Leftovers of dead processes go, those of living ones stay; JSON says it all.
rm -rf results && cp -r good results
touch -d "2 days ago" $folder/segments/.tmp-other-1-2-3-x.h5
mkdir $folder/scratch-other-7 && echo x >$folder/scratch-other-7/x && touch -d "2 days ago" $folder/scratch-other-7
touch $folder/segments/.tmp-another-1-2-3-x.h5
code_of 1 "leftovers" "$assay" fsck $folder --json
python3 - out <<'P' || fail "the JSON of fsck: $(cat out)"
import json, sys
r = json.load(open(sys.argv[1]))
assert r["cells"] == {"all": 3, "whole": 3, "to_run": 0}, r
assert sorted(f["state"] for f in r["files"] if f["state"] != "whole") == ["leftover", "leftover"], r
P
[[ ! -e $folder/scratch-other-7 && -e $folder/segments/.tmp-another-1-2-3-x.h5 ]] || fail "leftovers"

# gc: nothing while all is needed; then what the study no longer has; then what is finished.
code_of 0 "gc" "$assay" gc $folder
expect "$(cat out)" "freed 0 B in 0 files"
"$assay" run model.toml -q --set base.steps=6 --set study.seeds=1 >/dev/null || fail "another study in the folder"
[[ $(ls $folder/artifacts | wc -l) -eq 4 ]] || fail "four checkpoints"
code_of 0 "gc, dry" "$assay" gc $folder --dry-run
expect "$(cat out)" "in 3 files"
[[ $(ls $folder/artifacts | wc -l) -eq 4 ]] || fail "a dry gc freed something"
code_of 0 "gc" "$assay" gc $folder
[[ $(ls $folder/artifacts | wc -l) -eq 1 ]] || fail "gc"
"$assay" run model.toml -q --set base.steps=6 --set study.seeds=2 >/dev/null || fail "two seeds"
"$assay" run model.toml -q --set base.steps=6 --set study.seeds=2 --set "$more" --set 'eval.metrics=["parameter-count", "nothing"]' >/dev/null 2>&1
rm -f $folder/segments/*.h5
code_of 0 "gc of what missing cells start from" "$assay" gc $folder --finished
[[ $(ls $folder/artifacts | wc -l) -eq 2 ]] || fail "gc freed what a missing cell would start from"
"$assay" run model.toml -q --set base.steps=6 --set study.seeds=2 --set base.checkpoint=true >/dev/null || fail "again"
code_of 0 "gc of a marked stage" "$assay" gc $folder --finished
[[ $(ls $folder/artifacts | wc -l) -eq 2 ]] || fail "gc freed what the study marks"
"$assay" run model.toml -q --set base.steps=6 --set study.seeds=2 >/dev/null
: >$folder/artifacts/x.h5.bad
code_of 0 "gc of what is finished" "$assay" gc model.toml --set base.steps=6 --set study.seeds=2 --finished --bad
[[ -z $(ls $folder/artifacts) ]] || fail "gc --finished --bad left $(ls $folder/artifacts)"
expect "$("$assay" status model.toml --set base.steps=6 --set study.seeds=2)" "2 done"

code_of 2 "no argument" "$assay" fsck
mkdir -p empty && code_of 3 "no results" "$assay" fsck empty
expect "$(cat err)" "there are no results in empty"
echo good
