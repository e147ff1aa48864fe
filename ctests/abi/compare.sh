#!/bin/sh
# compare.sh LIBRARY: prints what a program that was built for the baseline can't live with. Exit status 0: nothing; 1:
# something; 2: there was no comparison. What is new is fine (README.md); abidiff.suppr lists what else is.
dir=$(dirname "$0")
status=0
abidiff --no-added-syms --suppressions "$dir/abidiff.suppr" "$dir"/baseline/*.xml "$1" || status=$?
# Bits: 1 an error, 2 a wrong option, 4 a change, 8 one that surely breaks programs.
[ $((status & 3)) -eq 0 ] || exit 2
[ "$status" -eq 0 ]
