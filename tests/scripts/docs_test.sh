#!/usr/bin/env bash
# The documentation is true: component pages are those of the registry, every study in docs/study-file.md
# and docs/datasets.md is valid, every command of the pages works, and the README's table is real.
set -eu
assay=$1 scratch=$2 source=$3
rm -rf "$scratch" && mkdir -p "$scratch" && cd "$scratch"
"$assay" docs pages
"$assay" list pruner | grep -q "^ *in .*quickstart.toml"
diff -r pages "$source/docs/components" || { echo "run: assay docs docs/components"; exit 1; }

for page in study-file datasets ablation; do
  awk -v page="$page" '/^```toml study/ {n++; file = "example-" page n ".toml"; next} /^```/ {file = ""} file {print > file}' \
    "$source/docs/$page.md"
done
[[ $(ls example-study-file*.toml | wc -l) -ge 8 && $(ls example-datasets*.toml | wc -l) -ge 7 ]]
"$assay" validate example*.toml >/dev/null
"$assay" schema >schema.json
/usr/bin/python3 -c 'import json, jsonschema; jsonschema.Draft202012Validator.check_schema(json.load(open("schema.json")))'

# The worked example of an operation is the one that the tests compile.
sed -n '/^```cpp/,/^```/p' "$source/docs/numerics.md" | grep -v '^```' >example.cpp
/usr/bin/python3 -c 'import sys; sys.exit(open("example.cpp").read() not in open(sys.argv[1]).read())' \
  "$source/tests/components/nn/own_op_test.cpp"

ln -s "$source/configs" configs
sed -n '/^```sh/,/^```/p' "$source/README.md" "$source/docs/getting-started.md" \
  "$source/docs/writing-a-component.md" | grep '^scripts/run' | sed 's/ *#.*//' | sort -u >commands
[[ $(wc -l <commands) -ge 9 ]]
"$assay" run configs/quickstart.toml --quiet >table.txt
while read -r _ arguments; do
  [[ $arguments == *.toml ]] && [[ $arguments != *" "* ]] && arguments="run $arguments"
  # shellcheck disable=SC2086
  "$assay" $arguments >/dev/null || { echo "failed: $arguments"; exit 1; }
done <commands
# Rounding may differ between processors; the layout and the labels may not.
shape() { sed 's/[0-9]/#/g; s/[* ]//g'; }
sed -n '/^Pruning and quantizing/,/^```/p' "$source/README.md" | grep -v '^```' | shape | diff - <(shape <table.txt)
