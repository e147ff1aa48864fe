#!/bin/sh
# run-cmocka.sh PROGRAM...: runs the suites, as many at once as there are processors, and those of the process's heaps
# in each profile. Prints the closing line of each; all it printed if it failed.
set -u
[ $# -gt 0 ] || { echo "there are no cmocka suites" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

for program in "$@"; do
  case ${program##*/} in
    test_malloc_* | test_heap_*) profiles='fast checked hardened' ;;
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
timeout 600 "$1" >"$output" 2>&1
status=$?
if [ $status -eq 0 ] && grep -q '\[  PASSED  \] [1-9]' "$output"; then
  grep -E '\[  (PASSED|SKIPPED)  ?\] [1-9]' "$output" | sed "s/^/$suite: /"
else
  flock "$0" sh -c 'cat "$1"; echo "$2: FAILED with exit status $3"' - "$output" "$suite" $status
  echo "$suite" >>"$0/failed"
fi
RUN
xargs -P "$(nproc)" -n 2 sh -c "$(cat "$scratch/run")" "$scratch" <"$scratch/runs"
[ ! -e "$scratch/failed" ] || { echo "cmocka suites that failed:"; sed 's/^/  /' "$scratch/failed"; exit 1; }
