#!/bin/sh
# run-crashes.sh LIBRARY PROGRAM...: runs each misuse; those of malloc/ under the preload library. On stdout a program says what
# stderr must get, then it has to do exactly that: and to die by SIGABRT if that is a report of malloc's, else to exit with 0.
set -eu
library=$(readlink -f "$1")
shift
[ $# -gt 0 ] || { echo "there are no misuses" >&2; exit 1; }
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
ulimit -c 0

failed=0
for program in "$@"; do
  name=$(basename "$(dirname "$program")")/$(basename "$program")
  case $name in
    malloc/*) preload=$library ;;
    *) preload= ;;
  esac
  status=0
  # The inner shell opens the files, as the outer one writes a note of its own when a signal ends a program.
  timeout 20 sh -c 'LD_PRELOAD=$1 exec "$2" >"$3/expected" 2>"$3/actual"' - "$preload" "$program" "$scratch" \
    2>/dev/null || status=$?
  wanted=0
  ! grep -q '^slabmalloc: .* of 0x' "$scratch/expected" || wanted=134
  if [ ! -s "$scratch/expected" ]; then
    complaint="does not say what it expects"
  elif [ "$status" -ne "$wanted" ]; then
    complaint="exit status $status, not $wanted"
  elif ! cmp -s "$scratch/expected" "$scratch/actual"; then
    complaint="another answer than expected"
  else
    continue
  fi
  failed=$((failed + 1))
  echo "FAIL  $name: $complaint"
  sed 's/^/      expected: /' "$scratch/expected"
  sed 's/^/      actual:   /' "$scratch/actual"
done
[ "$failed" -eq 0 ] || { echo "$failed of $# misuses don't end as they should"; exit 1; }
echo "=> $# misuses end as they should"
