#!/bin/sh
# run-xctest.sh BUILD_DIR: builds the regular Swift module and runs its tests, one process for each, on all processors.
set -e
mkdir -p "$1/check"
results=$(cd "$1/check" && pwd)/xctest.xml
${SWIFT:-swift} build
output=$(mktemp)
trap 'rm -f "$output"' EXIT
rm -f "$results"
status=0
${SWIFT:-swift} test --parallel --xunit-output "$results" >"$output" 2>&1 || status=$?
if [ $status -ne 0 ]; then
  # Each test that runs has a line of its own, which says nothing.
  grep -v '^\[[0-9]*/[0-9]*\] Testing' "$output" || true
  # A test that crashed has no line with an error: the last lines say where.
  echo "XCTest cases that failed:"
  grep ': error: ' "$output" || tail -n 30 "$output"
  exit $status
fi
total=$(sed -n 's/.*<testsuite [^>]*tests="\([1-9][0-9]*\)".*/\1/p' "$results" | head -n 1)
[ -n "$total" ] || { cat "$output"; echo "no test ran"; exit 1; }
echo "$total test cases passed"
