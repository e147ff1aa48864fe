#!/bin/sh
# check-table.sh TABLE: the tests that the table of misuses names are there, it names all programs of this folder, and
# it says what each profile makes of each misuse.
set -eu
table=$1
dir=$(dirname "$0")
problems=$(mktemp)
trap 'rm -f "$problems"' EXIT

grep '^|' "$table" | grep -v -e '^| misuse' -e '^|---' | cut -d'|' -f7 | grep -o '`[^`]*`' | tr -d '`' |
  while read -r name function; do
    path=${name%:}
    case $path in
      malloc/* | zone/*) file=$dir/$path.c ;;
      suites/*) file=ctests/$path.c ;;
      preload/*) file=ctests/preload/suites/${path#preload/}.c ;;
      *) file=$path ;;
    esac
    [ -e "$file" ] || file=${file}c
    [ -e "$file" ] || { echo "there is no $path"; continue; }
    [ -z "$function" ] || grep -qw -e "$function" "$file" || echo "$path has no $function"
  done >"$problems"
for program in "$dir"/malloc/*.c "$dir"/zone/*.c; do
  name=${program#"$dir/"}
  grep -q "\`${name%.c}\`" "$table" || echo "the table does not have $name"
done >>"$problems"
# Misuse, what happens, three profiles; and tests, which need not be there.
grep '^|' "$table" | awk -F'|' 'NF != 8 { print "no row of 6 cells:", $0; next }
  { for (i = 2; i <= 6; i++) if ($i ~ /^ *$/) { print "an empty cell:", $0; next } }' >>"$problems"
rows=$(grep '^|' "$table" | grep -c -v -e '^| misuse' -e '^|---')
[ ! -s "$problems" ] || { cat "$problems"; exit 1; }
echo "=> $rows misuses in the table, each test is there"
