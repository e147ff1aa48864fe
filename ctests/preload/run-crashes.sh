#!/bin/sh
# run-crashes.sh LIBRARY PROGRAM...: runs each misuse under the preload library. On stdout a program says what stderr
# must get, then it has to die by SIGABRT with exactly that.
set -eu
library=$(readlink -f "$1")
shift
[ $# -gt 0 ] || { echo "there are no misuses" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

failed=0
for program in "$@"; do
  name=$(basename "$program")
  status=0
  # The inner shell opens the files, as the outer one writes a note of its own when a signal ends a program.
  timeout 20 sh -c 'LD_PRELOAD=$1 exec "$2" >"$3/expected" 2>"$3/actual"' - "$library" "$program" "$scratch" \
    2>/dev/null || status=$?
  if ! grep -q '^slabmalloc: .* of 0x' "$scratch/expected"; then
    complaint="does not say what it expects"
  elif [ "$status" -ne 134 ]; then
    complaint="exit status $status, not SIGABRT"
  elif ! cmp -s "$scratch/expected" "$scratch/actual"; then
    complaint="another report than expected"
  else
    continue
  fi
  failed=$((failed + 1))
  echo "FAIL  $name: $complaint"
  sed 's/^/      expected: /' "$scratch/expected"
  sed 's/^/      actual:   /' "$scratch/actual"
done
[ "$failed" -eq 0 ] || { echo "$failed of $# misuses are not reported as they should be"; exit 1; }
echo "=> $# misuses are reported"
