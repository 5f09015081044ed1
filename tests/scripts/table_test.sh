#!/usr/bin/env bash
# A table in all its formats, from stored cells: ties, a paper's numbers, cells that failed or did not run,
# groups, spreads; and the way back from a number to what stands behind it.
set -u
assay=$1 scratch=$2
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }
expect() { grep -qF -- "$2" <<<"$1" || fail "expected \"$2\" in: $1"; }
refuse() { ! grep -qF -- "$2" <<<"$1" || fail "unexpected \"$2\" in: $1"; }

cat >study.toml <<'T'
[study]
name = "study"
title = "Two parts"
seeds = 10
[stage.system]
use = "planted"
effects = [1.0, 0.0, 0.0, 0.0, 0.0]
noise = 0.2
[[sweep.variants]]
name = "full"
[[sweep.variants]]
name = "without b"
"system.b" = false
[[sweep.variants]]
name = "without a"
"system.a" = false
[table]
value = "system.score"
best = "highest"
paper = [{ source = "Doe 2024, table 1", note = "twice the noise", where = { variant = "full" }, value = { "system.score" = 1.02 }, spread = { "system.score" = 0.3 } }]
T
"$assay" run study.toml -q >out || fail "run"
out=$(cat out)
expect "$out" "system.score        paper"
expect "$out" "1.02 ± 0.3ᵃ"
expect "$out" "ᵃ Doe 2024, table 1: twice the noise"
expect "$out" "* best of its column"
expect "$out" "~ not significantly worse than the best (p > 0.05: two-sided sign flips over common seeds"
grep -qE "^without a +-?0\.[0-9]+ ± 0\.[0-9]+$" <<<"$out" || fail "a significantly worse row in $out"
# On a terminal: bold and underlined, with no marks.
out=$(TERM=xterm script -qec "$assay table study.toml" /dev/null)
expect "$out" $'\033[1m'
expect "$out" $'\033[4m'
expect "$out" "underlined: not significantly worse"
out=$("$assay" table study.toml --format markdown)
grep -qE '^\| (full|without b) \| \*\*[0-9.]+ ± [0-9.]+\*\* \|' <<<"$out" || fail "bold in $out"
grep -qE '^\| (full|without b) \| <u>[0-9.]+ ± [0-9.]+</u> \|' <<<"$out" || fail "underlined in $out"
expect "$out" "| system.score (paper) |"
expect "$out" "1.02 ± 0.3<sup>a</sup>"
out=$("$assay" table study.toml --format latex)
expect "$out" '$\underline{'
expect "$out" '$\mathbf{'
expect "$out" '\rlap{\textsuperscript{a}}'
refuse "$out" '\begin{table}'
out=$("$assay" table study.toml --format latex --set table.label=tab:parts)
expect "$out" '\caption{Two parts}'
expect "$out" '\label{tab:parts}'
"$assay" table study.toml --format csv >table.csv
"$assay" table study.toml --format json >table.json
/usr/bin/python3 - <<'P' || fail "CSV and JSON"
import csv, json
rows = list(csv.DictReader(open("table.csv")))
table = json.load(open("table.json"))
assert [r["variant"] for r in rows] == ["full", "without b", "without a"]
assert sorted(r["standing"] for r in rows) == ["best", "tied", "worse"], rows
for row, entry in zip(rows, table["entries"]):
    assert float(row["mean"]) == entry["mean"] and int(row["n"]) == entry["n"] == 10
    assert [float(row["low_95"]), float(row["high_95"])] == entry["interval_95"]
    assert row["standing"] == entry["standing"]
assert rows[2]["p_adjusted"] == str(4 / 2**10), rows[2]  # all ten seeds: 2/2^10, two comparisons
assert rows[0]["paper"] == "1.02" and table["entries"][0]["paper"]["footnote"] == "a"
P

# Other spreads are named.
expect "$("$assay" table study.toml --set table.spread=interval)" "mean ± half the width of its 95% interval (Student's t)"
out=$("$assay" table study.toml --set table.spread=bca)
expect "$out" "its 95% interval (BCa bootstrap)"
grep -qE "^full +[0-9.]+ \[[0-9.]+, [0-9.]+\]" <<<"$out" || fail "an interval in $out"
out=$("$assay" table study.toml --set table.spread=none)
expect "$out" "mean over n = 10 seeds"
refuse "$(grep '^without a' <<<"$out")" "±"
# What the metric declares, and what the table overrides.
refuse "$("$assay" table study.toml --set table.best=declared)" "*"
expect "$("$assay" table study.toml --set table.best=lowest | grep '^without a')" "*"
expect "$("$assay" table study.toml --set table.within=variant)" "without a"
refuse "$("$assay" table study.toml --set table.within=variant)" "* best"
expect "$("$assay" table study.toml --set 'table.paper="in words"')" "the paper: in words"
expect "$("$assay" table study.toml --set study.seeds=12)" "ᵃ 6 of 36 cells have not run"
expect "$("$assay" table study.toml --set study.seeds=4)" "too few seeds to show that any is worse than the best: it takes 7"

# A profile that narrows an axis leaves out a paper's number of what is then not there.
cat >narrow.toml <<'T'
[study]
name = "narrow"
[stage.a]
use = "noop"
[sweep]
"a.value" = [1, 2]
[table]
value = "a.value"
[[table.paper]]
note = "other units"
where = { "a.value" = 2 }
value = { "a.value" = 2.5 }
[profile.smoke]
sweep."a.value" = [1]
T
"$assay" run narrow.toml --profile smoke -q >out || fail "a narrowed study"
refuse "$(cat out)" "paper"
refuse "$("$assay" table results/narrow)" "paper"
expect "$("$assay" run narrow.toml -q)" "ᵃ the paper: other units"

cat >fail.toml <<'T'
[study]
name = "fail"
seeds = 3
[stage.a]
use = "fail"
[sweep]
"a.fail" = [true, false]
"a.message" = ["no luck", "no wit"]
[table]
rows = "a.fail"
columns = "a.message"
value = "a.value"
T
"$assay" run fail.toml -q >/dev/null 2>&1
out=$("$assay" table fail.toml --set study.seeds=4)
expect "$out" "ᵃ 3 cells failed in stage a: no luck"
expect "$out" "ᵇ 3 cells failed in stage a: no wit"
expect "$out" "ᶜ 4 of 16 cells have not run"
expect "$out" "–ᵃ,ᶜ"
expect "$out" "1 ± 0ᶜ"

# From a number to what stands behind it.
out=$("$assay" trace study.toml --cell "without b") || fail "trace"
expect "$out" "system.b = false"
expect "$out" "study.toml:13"
expect "$out" "over n = 10"
grep -qE "^  19 +9 +[0-9a-f]{8} +done +[0-9.]+ +segments/" <<<"$out" || fail "cells in $out"
"$assay" trace results/study --cell full --json >trace.json || fail "trace of a folder"
/usr/bin/python3 - <<'P' || fail "trace as JSON"
import json
trace, table = json.load(open("trace.json")), json.load(open("table.json"))
values = [cell["values"]["system.score"] for cell in trace["cells"]]
assert abs(sum(values) / 10 - table["entries"][0]["mean"]) < 1e-12
assert all(len(cell["key"]) == 32 and cell["file"].startswith("segments/") for cell in trace["cells"])
assert {"path": "system.noise", "value": "0.2", "where": "results/study/study.toml:9", "axis": False} in trace["configuration"], trace["configuration"]
assert trace["values"][0]["paper"]["note"] == "Doe 2024, table 1: twice the noise"
P
[[ $("$assay" trace study.toml --cell=full) == "$("$assay" trace study.toml --cell full)" ]] || fail "--cell=ROW"
out=$("$assay" trace fail.toml --cell true "no wit") || fail "trace of failed cells"
expect "$out" "no value"
expect "$out" "cell 3 failed in stage a: no wit"
refused() { # message, arguments
  local message=$1 out
  shift
  out=$("$assay" trace "$@" 2>&1); [[ $? -eq 2 ]] || fail "exit code of trace $*"
  expect "$out" "$message"
}
refused 'the table has no row "witout a"; did you mean "without a"? It has: "full", "without b", "without a"' study.toml --cell "witout a"
refused 'the table has no column "no wid"; did you mean "no wit"?' fail.toml --cell true "no wid"
refused 'name a row of the table' study.toml
refused 'the table has no value "scor"; did you mean "score"?' study.toml --cell full --metric scor
refused '--cell needs a row' study.toml --cell
echo good
