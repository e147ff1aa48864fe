#!/bin/sh
# check-address.sh SCRATCH: the XCTest suites under AddressSanitizer, with fewer steps than without. What would need the
# most time says no more here: the calls of the system fail one by one, not in rows.
set -eu
# XCTest itself leaks.
export ASAN_OPTIONS=detect_leaks=0 SLM_TEST_OPERATIONS=5000 SLM_TEST_THREAD_STEPS=30000
output=$(mktemp)
trap 'rm -f "$output"' EXIT
status=0
${SWIFT:-swift} test --sanitize=address --scratch-path "$1" --skip testTenCalls --skip testEachCallWithLarge \
  >"$output" 2>&1 || status=$?
if [ $status -ne 0 ]; then
  cat "$output"
  exit $status
fi
total=$(grep 'Executed [1-9][0-9]* test' "$output" | tail -n 1)
[ -n "$total" ] || { cat "$output"; echo "no test ran"; exit 1; }
echo "AddressSanitizer:$total"
