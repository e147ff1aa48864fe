#!/bin/sh
# run-xctest.sh: builds the regular Swift module and runs its tests.
set -e
${SWIFT:-swift} build
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
${SWIFT:-swift} test >"$output" 2>&1 || status=$?
if [ $status -ne 0 ]; then
  cat "$output"
  # A test that crashed has no line with an error: the last lines say where.
  echo "XCTest cases that failed:"
  grep ': error: ' "$output" || tail -n 30 "$output"
  exit $status
fi
# The last one sums up all suites.
total=$(grep 'Executed [1-9][0-9]* test' "$output" | tail -n 1)
[ -n "$total" ] || { cat "$output"; echo "no test ran"; exit 1; }
echo "$total"
