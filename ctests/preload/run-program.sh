#!/bin/sh
# run-program.sh LIBRARY WITNESS SCRIPT: runs the script twice, without and with the preload library, and compares what
# it prints and its exit status. WITNESS notes which malloc each program has that the script starts; those named in the
# script's line `# programs:` must have started, and all of them must have had the library's.
# A script gets a folder for what both runs share as its argument, and an empty one to work in as its current one.
set -eu
export LC_ALL=C
library=$(readlink -f "$1")
witness=$(readlink -f "$2")
script=$(readlink -f "$3")
name=$(basename "$script" .sh)
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
export ROOT
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
started=$(date +%s)

# run NAME LD_PRELOAD: leaves output, errors and status in $scratch/NAME.*
run() {
  # The folder's name is the same for both runs, as programs print it.
  rm -rf "$scratch/work"
  mkdir "$scratch/work"
  code=0
  (cd "$scratch/work" && LD_PRELOAD=$2 WITNESS=$scratch/$1.witness timeout 600 sh "$script" "$scratch/shared") \
    >"$scratch/$1.out" 2>"$scratch/$1.errors" </dev/null || code=$?
  echo "$code" >"$scratch/$1.status"
}

# complain: says what is wrong with the two runs, or nothing.
complain() {
  [ "$(cat "$scratch/plain.status")" = 0 ] || { echo "fails without the library"; return; }
  [ -s "$scratch/plain.out" ] || { echo "prints nothing"; return; }
  [ "$(cat "$scratch/under.status")" = 0 ] ||
    { echo "exit status $(cat "$scratch/under.status") under the library"; return; }
  cmp -s "$scratch/plain.out" "$scratch/under.out" || { echo "prints something else under the library"; return; }
  cmp -s "$scratch/plain.errors" "$scratch/under.errors" || { echo "other messages on stderr"; return; }
  for program in $(sed -n 's/^# programs: //p' "$script"); do
    grep -q "^$program " "$scratch/under.witness" || { echo "$program did not run under the library"; return; }
  done
  awk -v want="$library" '$NF != want { print "malloc of " $1 " is that of " $NF; exit }' "$scratch/under.witness"
}

absent=
for program in $(sed -n 's/^# needs: //p' "$script"); do
  command -v "$program" >/dev/null || absent="$absent $program"
done
if [ -n "$absent" ]; then
  echo "FAIL  $name: not installed:$absent"
  exit 1
fi
mkdir "$scratch/shared"
run plain ''
run under "$library:$witness"
complaint=$(complain)
if [ -n "$complaint" ]; then
  echo "FAIL  $name: $complaint"
  sed 's/^/      /' "$scratch/plain.errors" "$scratch/under.errors"
  diff "$scratch/plain.out" "$scratch/under.out" | head -n 20 || true
  exit 1
fi
processes=$(wc -l <"$scratch/under.witness")
echo "=> $name does the same under the library ($processes processes, $(($(date +%s) - started)) s)"
