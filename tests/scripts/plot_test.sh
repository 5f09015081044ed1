#!/usr/bin/env bash
# Figures for papers: every kind as SVG, PDF and PNG, what can be chosen, and what is said where a program is missing. Without Node and
# rsvg-convert only the last is tested, but not where CI=true.
set -u
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
refuses() { # MESSAGE ARGUMENTS…
  local message=$1
  shift
  "$assay" plot "$@" >out 2>err
  [[ $? -eq 2 ]] || fail "exit code of plot $*"
  grep -qF -- "$message" err || fail "expected \"$message\" in: $(cat err)"
}

"$assay" run "$source/tests/scripts/tasks.toml" --quiet >/dev/null || fail "the study"
"$assay" run "$source/configs/ablations/planted.toml" --quiet >/dev/null || fail "planted"

refuses 'unknown kind "curve"; did you mean "curves"?' results/tasks --kind curve -o x.svg
refuses 'unknown format "jpg"' results/tasks --kind curves -o x.jpg
refuses 'plot needs --kind and -o' results/tasks
refuses '--width = 0 is out of range; allowed: 10 to 10000 points' results/tasks --kind curves -o x.svg --width 0
refuses '--choose metric is not name=value' results/tasks --kind curves -o x.svg --choose metric
mkdir empty
PATH=$scratch/empty "$assay" plot results/tasks --kind curves -o x.svg 2>err
[[ $? -eq 2 ]] || fail "exit code without node"
grep -q "this needs node, which is not installed: apt-get install nodejs" err || fail "the message without node: $(cat err)"

for tool in node rsvg-convert; do
  command -v $tool >/dev/null && continue
  [[ ${CI:-} == true ]] && fail "$tool is missing (scripts/setup nodejs librsvg2-bin)"
  echo "SKIPPED: figures need $tool (scripts/setup nodejs librsvg2-bin)"
  exit 77
done
ln -s "$(command -v node)" empty/node
PATH=$scratch/empty "$assay" plot results/tasks --kind curves -o x.pdf 2>err
grep -q "this needs rsvg-convert, which is not installed: apt-get install librsvg2-bin" err || fail "the message without rsvg-convert: $(cat err)"

for kind in forest effects; do "$assay" plot results/ablations-planted --kind $kind -o $kind.svg >/dev/null || fail $kind; done
for kind in curves heatmap pareto critical-difference; do "$assay" plot results/tasks --kind $kind -o $kind.svg >/dev/null || fail $kind; done
for kind in forest effects curves heatmap pareto critical-difference; do
  [[ $(grep -o '<path' $kind.svg | wc -l) -ge 5 ]] || fail "$kind draws nothing"
  /usr/bin/python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' $kind.svg || fail "$kind is no XML"
done
"$assay" plot results/tasks --kind heatmap -o a.svg -o a.pdf -o a.png --choose metric=eval.nll --choose across=dataset >/dev/null || fail "a choice"
grep -q 'eval.nll' a.svg || fail "the metric chosen"
[[ $(head -c 4 a.pdf) == %PDF ]] || fail "no PDF"
[[ $(head -c 4 a.png | tail -c 3) == PNG ]] || fail "no PNG"
refuses 'metric = "nothing" cannot be chosen; allowed: ' results/tasks --kind heatmap -o x.svg --choose metric=nothing
refuses 'has nothing called "colour" to choose; it has: metric' results/tasks --kind critical-difference -o x.svg --choose colour=lr
refuses 'the study has no data for a forest plot' results/tasks --kind forest -o x.svg
