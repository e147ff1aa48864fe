#!/bin/sh
# Measures slm_zone beside glibc, jemalloc, tcmalloc and mimalloc and prints one table.
# usage: bench.sh BUILD_DIR [ROUNDS [OPTION...]]     OPTION: of build/bench/pairs, such as --touch
# A round is a short process for each peer, one after another; a figure is the median over the rounds.
set -eu
build=${1:?usage: bench.sh BUILD_DIR [ROUNDS [OPTION...]]}
rounds=${2:-7}
shift "$(($# < 2 ? $# : 2))"
case $rounds in '' | *[!0-9]* | 0) echo "bench: ROUNDS must be a number above 0, not '$rounds'" >&2; exit 2 ;; esac
here=$(dirname "$0")
pairs=$build/bench/pairs

# Name, library to preload ("-": none), Debian package.
peers='glibc - libc6
jemalloc libjemalloc.so.2 libjemalloc2
tcmalloc libtcmalloc_minimal.so.4 libtcmalloc-minimal4
mimalloc libmimalloc.so.2 libmimalloc2.0'

results=$(mktemp)
trap 'rm -f "$results" "$results.part"' EXIT
trap 'exit 130' INT TERM

# run PEER LIBRARY PACKAGE OPTION...: runs pairs with the peer as malloc, adds its rows to the results.
run() {
  peer=$1 library=$2 package=$3
  shift 3
  if [ "$library" = - ]; then
    "$pairs" --expect libc.so.6 "$@" >"$results.part"
  elif ! env LD_PRELOAD="$library" "$pairs" --expect "${library%.so*}" "$@" >"$results.part"; then
    echo "bench: $peer did not run: is the Debian package $package installed?" >&2
    return 1
  fi
  sed "s/^/$peer /" "$results.part" >>"$results"
}

round=1
while [ "$round" -le "$rounds" ]; do
  printf 'bench: round %s of %s:' "$round" "$rounds" >&2
  while read -r peer library package; do
    printf ' %s' "$peer" >&2
    run "$peer" "$library" "$package" "$@"
  done <<EOF
$peers
EOF
  run families - libc6 --families "$@"
  echo >&2
  round=$((round + 1))
done
run zone - libc6 --resident zone
while read -r peer library package; do
  run "$peer" "$library" "$package" --resident malloc
done <<EOF
$peers
EOF
awk -v rounds="$rounds" -v options="$*" -f "$here/table.awk" "$results"
