#!/bin/sh
# run-cmocka.sh PROGRAM...: runs the suites and prints the closing line of each; all it printed if it failed.
[ $# -gt 0 ] || { echo "there are no cmocka suites" >&2; exit 1; }
output=$(mktemp)
trap 'rm -f "$output"' EXIT

failed=
for program in "$@"; do
  suite=$(basename "$program")
  timeout 600 "$program" >"$output" 2>&1
  status=$?
  if [ $status -eq 0 ] && grep -q '\[  PASSED  \] [1-9]' "$output"; then
    grep -E '\[  (PASSED|SKIPPED)  ?\] [1-9]' "$output" | sed "s/^/$suite: /"
  else
    cat "$output"
    echo "$suite: FAILED with exit status $status"
    failed="$failed $suite"
  fi
done
[ -z "$failed" ] || { echo "cmocka suites that failed:$failed"; exit 1; }
