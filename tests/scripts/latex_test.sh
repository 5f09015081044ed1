#!/usr/bin/env bash
# What `assay table --format latex` prints is set by pdfLaTeX without a complaint, whatever names hold. Needs
# texlive-latex-base and texlive-latex-recommended (booktabs); without them it is skipped, but not where CI is set.
set -eu
assay=$1 scratch=$2
if ! command -v pdflatex >/dev/null || ! kpsewhich booktabs.sty >/dev/null; then
  echo "skipped: no LaTeX with booktabs here (scripts/setup texlive-latex-base texlive-latex-recommended)"
  [[ ${CI:-} == true ]] && exit 1
  exit 77
fi
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
export TEXMFVAR=$PWD/texmf  # fonts that LaTeX makes stay here

cat >study.toml <<'T'
[study]
name = "study"
title = '50% & more: $x_1^2$ \ {~} <#> |" [a]'
seeds = 8
[stage.data]
use = "noop"
[stage.system]
use = "planted"
effects = [1.0, 0.0, 0.0, 0.0, 0.0]
noise = 0.2
[[sweep.variants]]
name = 'a_b & 50% #1 {x} ~^\ $'
[[sweep.variants]]
name = "[0.5] λ = 2 ± 1, naïve Łódź ÀÉÎÕÜÿ ĂŐřŻ ßæøåœı, 漢字 🎉 e\u0301 ‘a’ “b” 90° 2³ a→b ≤ ∞"
"system.b" = false
[[sweep.variants]]
name = "* -- `q` \"d\" <x> | y"
"system.a" = false
[sweep]
"data.value" = [1, 2]
[table]
columns = "data.value"
value = ["system.score", "data.value"]
best = ["highest", "none"]
[[table.paper]]
source = "Doe & Roe (2024), table 1"
note = "70% more data_points → larger; only 1 → 2"
where = { variant = "* -- `q` \"d\" <x> | y", "data.value" = 1 }
value = { "system.score" = 0.93 }
spread = { "system.score" = 0.02 }
T
"$assay" run study.toml -q >/dev/null
cat >fail.toml <<'T'
[study]
name = "fail"
[stage.a]
use = "fail"
message = "100% of $x_i$ & {more} are ± lost \\"
[sweep]
"a.fail" = [true, false]
[table]
value = "a.value"
T
"$assay" run fail.toml -q >/dev/null 2>&1 || true

for variant in plain float interval bca wide failed; do
  case $variant in
    plain) options=(study.toml) ;;
    float) options=(study.toml --set 'table.caption="100% of α & more_or_less"' --set table.label=tab:a_1) ;;
    interval) options=(study.toml --set table.spread=interval) ;;
    bca) options=(study.toml --set table.spread=bca) ;;
    wide) options=(study.toml --set 'table.rows=["data.value"]' --set 'table.columns=["variant"]') ;;
    failed) options=(fail.toml) ;;
  esac
  "$assay" table "${options[@]}" --format latex >"$variant-table.tex"
  printf '%s\n' '\documentclass{article}' '\usepackage{booktabs}' '\begin{document}' "\\input{$variant-table}" \
    '\end{document}' >"$variant.tex"
  pdflatex -interaction=nonstopmode -halt-on-error "$variant.tex" >"$variant.out" 2>&1 ||
    { echo "pdflatex stopped at $variant:"; grep -A3 '^!' "$variant.out"; exit 1; }
  ! grep -E '^(LaTeX Warning: (Command|Font)|Missing character)' "$variant.out"
  [[ -s $variant.pdf ]]
done
grep -q '\\label{tab:a_1}' float-table.tex
grep -q '\[0' bca-table.tex
# A label that starts with a bracket is a label, no argument of the line break before it.
if command -v pdftotext >/dev/null; then
  pdftotext -layout plain.pdf plain.txt
  grep -q '\[0.5\]' plain.txt
  grep -q 'U+6F22' plain.txt
fi
echo good
