#!/bin/sh
# Measures slm_zone beside glibc, jemalloc, tcmalloc and mimalloc and prints two tables: as shared objects, where a call
# from the program into the library is much of a pair, and linked as archives into one program, where it is less.
# usage: bench.sh BUILD_DIR [ROUNDS [OPTION...]]     OPTION: of build/bench/pairs, such as --touch
# A round is a short process for each peer, one after another; a figure is the median over the rounds.
# A peer that isn't installed is left out, and the table says so.
set -eu
build=${1:?usage: bench.sh BUILD_DIR [ROUNDS [OPTION...]]}
rounds=${2:-7}
shift "$(($# < 2 ? $# : 2))"
case $rounds in '' | *[!0-9]* | 0) echo "bench: ROUNDS must be a number above 0, not '$rounds'" >&2; exit 2 ;; esac
here=$(dirname "$0")
pairs=$build/bench/pairs

# Name, library to preload ("-": none), Debian package.
shared_peers='glibc - libc6
jemalloc libjemalloc.so.2 libjemalloc2
tcmalloc libtcmalloc_minimal.so.4 libtcmalloc-minimal4
mimalloc libmimalloc.so.2 libmimalloc2.0'

# Name, archive, Debian package ("-": none in Debian 12). check.mk links a program for each that is there.
archive_peers='glibc libc.a libc6-dev
jemalloc libjemalloc.a libjemalloc-dev
tcmalloc libtcmalloc_minimal.a libgoogle-perftools-dev
mimalloc libmimalloc.a -'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# add TABLE PEER COMMAND...: runs the command, adds its rows to those of the table.
add() {
  table=$1 peer=$2
  shift 2
  "$@" >"$work/part" || return
  sed "s/^/$peer /" "$work/part" >>"$work/$table"
}

# preloaded LIBRARY OPTION...: runs pairs with the library's malloc.
preloaded() {
  library=$1
  shift
  if [ "$library" = - ]; then
    "$pairs" --expect libc.so.6 "$@"
  else
    env LD_PRELOAD="$library" "$pairs" --expect "${library%.so*}" "$@"
  fi
}

# missing TABLE PEER FILE PACKAGE
missing() {
  case $4 in -) hint='Debian 12 has none' ;; *) hint="Debian's package is $4" ;; esac
  echo "$2 missing no $3 ($hint)" >>"$work/$1"
}

# The peers that are there. A preload that fails is a warning of the loader, and --expect exits with 3.
add shared zone "$pairs" --resident zone
shared=
while read -r peer library package; do
  status=0
  add shared "$peer" preloaded "$library" --resident malloc 2>"$work/error" || status=$?
  case $status in
  0) shared="$shared$peer $library
" ;;
  3) missing shared "$peer" "$library" "$package" ;;
  *) cat "$work/error" >&2; exit 1 ;;
  esac
done <<EOF
$shared_peers
EOF
archives=
while read -r peer archive package; do
  if [ -x "$build/bench/archives/$peer" ]; then archives="$archives $peer"
  else missing archives "$peer" "$archive" "$package"
  fi
done <<EOF
$archive_peers
EOF

round=1
while [ "$round" -le "$rounds" ]; do
  printf 'bench: round %s of %s: shared objects' "$round" "$rounds" >&2
  while read -r peer library; do
    [ -n "$peer" ] || continue
    printf ' %s' "$peer" >&2
    add shared "$peer" preloaded "$library" "$@"
  done <<EOF
$shared
EOF
  add shared families "$pairs" --families "$@"
  printf ', archives' >&2
  for peer in $archives; do
    printf ' %s' "$peer" >&2
    add archives "$peer" "$build/bench/archives/$peer" "$@"
  done
  # Of any of them: no malloc is in it.
  for peer in $archives; do
    add archives families "$build/bench/archives/$peer" --families "$@"
    break
  done
  echo >&2
  round=$((round + 1))
done

awk -v title='As shared objects' -v rounds="$rounds" -v options="$*" -f "$here/table.awk" "$work/shared"
awk -v title='Linked as archives' -v rounds="$rounds" -v options="$*" -f "$here/table.awk" "$work/archives"
