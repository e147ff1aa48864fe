#!/bin/sh
# run-cmocka.sh PROGRAM...: runs the suites, as many at once as there are processors, and those of the process's heaps
# in each profile, those in C++ in two. Prints the closing line of each and their number, or all that a suite printed if
# it failed. The end names each suite that failed, and in it the tests and the lines of their source.
set -u
[ $# -gt 0 ] || { echo "there are no cmocka suites" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for program in "$@"; do
  case ${program##*/} in
    test_malloc_* | test_heap_*) profiles='fast checked hardened' ;;
    test_cpp_*) profiles='checked hardened' ;;
    *) profiles=default ;;
  esac
  for profile in $profiles; do echo "$program $profile"; done
done >"$scratch/runs"

cat >"$scratch/run" <<'RUN'
suite=${1##*/}
output=$0/$suite.$2
if [ "$2" != default ]; then
  suite="$suite ($2)"
  export SLABMALLOC_PROFILE="$2"
fi
limit=600
[ -z "${EMULATOR-}" ] || limit=1800
timeout "$limit" ${EMULATOR-} "$1" >"$output" 2>&1
status=$?
if [ $status -eq 0 ] && grep -q '\[  PASSED  \] [1-9]' "$output"; then
  grep -E '\[  (PASSED|SKIPPED)  ?\] [1-9]' "$output" | sed "s/^/$suite: /" >"$output.closing"
  cat "$output.closing"
else
  flock "$0" sh -c 'cat "$1"; echo "$2: FAILED with exit status $3"' - "$output" "$suite" $status
  # A suite that crashed or hung has no closing line: its last lines say where.
  {
    echo "  $suite: exit status $status"
    if grep -q '\[  PASSED  \]' "$output"; then
      sed '/\[  PASSED  \]/q' "$output" | grep -vE '\[( RUN  |       OK|  SKIPPED|=====|  PASSED)'
    else
      tail -n 10 "$output"
    fi | sed 's/^/    /'
  } >"$output.failed"
fi
RUN
xargs -P "$(nproc)" -n 2 sh -c "$(cat "$scratch/run")" "$scratch" <"$scratch/runs"
if [ -n "$(find "$scratch" -name '*.failed')" ]; then
  echo "cmocka suites that failed:"
  cat "$scratch"/*.failed
  exit 1
fi
cat "$scratch"/*.closing | awk '
  { number = $0; sub(/.*\] /, "", number) }
  /PASSED/ { suites++; passed += number }
  /SKIPPED/ { skipped += number }
  END { printf "=> %d suites passed: %d tests passed, %d skipped\n", suites, passed, skipped }'
