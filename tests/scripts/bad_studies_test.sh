#!/usr/bin/env bash
# Every broken study under tests/bad is refused with the message beside it, and exit code 2.
assay=$1 source=$3
cd "$source/tests/bad" || exit 1
failed=0 count=0
for study in *.toml; do
  count=$((count + 1))
  found=$("$assay" validate "$study" 2>&1 >/dev/null)
  code=$?
  if [[ $code -ne 2 || $found != "$(cat "${study%.toml}.expected")" ]]; then
    echo "$study: exit code $code, expected 2; message:"
    diff <(echo "$found") "${study%.toml}.expected"
    failed=1
  fi
done
echo "$count broken studies"
[[ $failed -eq 0 && $count -ge 40 ]]
