#!/usr/bin/env bash
# The HTML report: one file, small, safe from what studies are called, and alive in a browser (without Chromium that part is skipped,
# but not where CI=true).
set -u
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch" || exit 1
fail() { echo "FAILED: $*"; exit 1; }

# A thousand cells with curves.
cat >thousand.toml <<'T'
[study]
name = "thousand"
title = "A thousand cells"
seeds = 5
[stage.data]
use = "load"
dataset = "iris"
[stage.base]
use = "train"
data = "data"
model = { use = "mlp", hidden = [] }
optimizer = { use = "adamw", lr = 1e-2 }
steps = 40
[stage.eval]
use = "evaluate"
model = "base"
data = "data"
metrics = ["accuracy", "nll"]
[sweep]
"base.optimizer.lr" = [1e-3, 2e-3, 3e-3, 4e-3, 5e-3, 6e-3, 7e-3, 8e-3, 9e-3, 1e-2, 2e-2, 3e-2, 4e-2, 5e-2, 6e-2, 7e-2, 8e-2, 9e-2, 1e-1, 2e-1]
"base.optimizer.weight_decay" = [0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 1.0]
[[claim]]
text = "A larger step trains further"
metric = "eval.nll"
better = { "base.optimizer.lr" = 0.1 }
worse = { "base.optimizer.lr" = 0.001 }
[table]
rows = "base.optimizer.lr"
columns = "base.optimizer.weight_decay"
value = "eval.accuracy"
best = "highest"
T
# Names that try to be something else, failures, and cells that have not run.
cat >hostile.toml <<'T'
[study]
name = "hostile"
title = 'A "title" & <b>tags</b> </script><script>document.title="taken"</script> {{data}} <!--'
notes = "Notes with 'quotes' & <img src=x onerror=\"document.title='taken'\">"
seeds = 3
[stage.a]
use = "fail"
[stage.b]
use = "noop"
[sweep]
"a.message" = ["</script><script>document.title='taken'</script>", "a \"quoted\" & <b>bold</b>", "{{page}} \u2028 \\ ü 模型"]
"b.value" = [1, 2, 3]
"a.fail" = [true, false]
[[claim]]
text = "<i>claims</i> & \"quotes\" </script>"
metric = "b.value"
best = "highest"
better = { "b.value" = 3, "a.fail" = false, "a.message" = "a \"quoted\" & <b>bold</b>" }
worse = { "b.value" = 1, "a.fail" = false, "a.message" = "a \"quoted\" & <b>bold</b>" }
[table]
rows = ["a.message", "a.fail"]
columns = "b.value"
value = "b.value"
T
"$assay" run thousand.toml --quiet >/dev/null || fail "a thousand cells"
"$assay" run hostile.toml --quiet >/dev/null; [[ $? -eq 1 ]] || fail "the hostile study"
"$assay" run "$source/tests/scripts/tasks.toml" --quiet >/dev/null || fail "tasks"
"$assay" run "$source/configs/ablations/planted.toml" --quiet >/dev/null || fail "planted"

[[ $("$assay" report results/thousand) == results/thousand/report.html ]] || fail "the name of the report"
for study in hostile tasks ablations-planted; do "$assay" report "results/$study" -o "$study.html" >/dev/null || fail "report of $study"; done
size=$(stat -c %s results/thousand/report.html)
echo "a thousand cells: $size bytes"
[[ $size -lt 3000000 ]] || fail "the report has $size bytes"
"$assay" report results/thousand -o - | cmp -s - results/thousand/report.html || fail "another report on standard output"
grep -q "University of Washington" tasks.html || fail "the licences are not in the report"
# Only addresses of name spaces and schemas, which nobody fetches.
grep -oE '(src|href)="https?:[^"]*"' tasks.html && fail "the report points into the network"
"$assay" fsck results/thousand >/dev/null || fail "fsck takes the report for damage"
"$assay" report results/tasks --tasks nothing 2>err >/dev/null; [[ $? -eq 2 ]] || fail "an unknown axis"
grep -qF 'the study has no axis "nothing"' err || fail "the message for an unknown axis: $(cat err)"

if ! command -v chromium >/dev/null; then
  [[ ${CI:-} == true ]] && fail "chromium is missing (scripts/setup chromium)"
  echo "SKIPPED: the page in a browser needs chromium (scripts/setup chromium)"
  exit 77
fi
/usr/bin/python3 "$source/tests/scripts/report_page.py" "$scratch" || fail "the page in a browser"
