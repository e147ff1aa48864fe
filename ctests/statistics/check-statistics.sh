#!/bin/sh
# check-statistics.sh BUILD_DIR: reports of every kind are as the schema says, and close. What is not so is refused. The
# jq commands of the guide "Programs" print what they should.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
root=$(readlink -f "$here/../..")
schema=$root/Sources/Packaging/statistics.schema.json
guide=$root/Sources/SlabMalloc/SlabMalloc.docc/Programs.md
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# Debian's Python has Debian's jsonschema.
check() { /usr/bin/python3 "$here/check_schema.py" "$schema" "$@"; }
fail() {
  echo "FAIL  $*"
  exit 1
}

"$build/statistics/print_all" >kinds.json
[ "$(jq -r .kind kinds.json | tr '\n' ' ')" = 'process heap zone cache ' ] || fail "kinds: $(jq -r .kind kinds.json)"
[ "$(jq -s '[.[].rows[].row] | unique | join(" ")' kinds.json)" = '"class free_runs large lent metadata"' ] ||
  fail "rows: $(jq -c '[.rows[].row]' kinds.json)"
for profile in fast checked hardened; do
  SLABMALLOC_PROFILE=$profile SLABMALLOC_STATS=json SLABMALLOC_STATS_FILE=heap.json \
    LD_PRELOAD=$build/libslabmalloc-preload.so perl -e 'my @all = map { "x" x $_ } 1 .. 3000; exit 0'
done
check kinds.json || fail "kinds.json: $(check kinds.json)"
check heap.json || fail "heap.json: $(check heap.json)"

# What the check must refuse.
refused() { # WHAT JQ_PROGRAM
  jq -c "$2" kinds.json >wrong.json
  if check wrong.json >/dev/null 2>&1; then fail "the check takes $1"; fi
}
refused 'another version' '.slabmalloc = 2'
refused 'a missing column' 'del(.total.dirty_bytes)'
refused 'a word too many' '.rows[0].content = "secret"'
refused 'a class without its size' 'del(.rows[0].slot_bytes)'
refused 'a row that does not close' '.rows[0].live_bytes += 1'
refused 'a total that is not the sum' '.total.live += 1'
refused 'a negative number' '.peak_bytes = -1'

# The commands of the guide, on a file as it describes.
tail -n 1 heap.json >last.json
mv last.json heap.json
grep '^jq ' "$guide" >commands
[ "$(wc -l <commands)" -ge 4 ] || fail 'the guide has no jq commands'
while read -r command; do
  sh -c "$command" >out 2>errors || fail "$command: $(cat errors)"
  [ -s out ] || fail "$command prints nothing"
  if grep -q -e null -e false out; then fail "$command prints $(cat out)"; fi
done <commands
echo "=> $(wc -l <commands) jq commands of the guide work"
