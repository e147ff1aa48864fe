#!/bin/sh
# A document against the code: every C, C++ and Swift block is in a file, every slm_ name is in a header, every limit
# is the gate's.
# usage: check-document.sh ROOT [DOCUMENT]     DOCUMENT: README.md
#
# A block follows a line `<!-- path -->`, and equals that file. With `<!-- path: NAME -->` it equals what stands
# between the comments `[NAME` and `NAME]` of the file.
set -eu
root=$1
document=${2:-README.md}
bad=0

# Lists each block: its first line's number, and its marker.
blocks() {
  awk '
    /^```/ && inside { inside = 0; next }
    /^```/ { inside = 1
             if ($0 ~ /^```(c|cpp|swift)$/) print NR + 1, (marker == "" ? "none" : marker) }
    inside { next }
    /^<!-- .* -->$/ { marker = $0; gsub(/^<!-- | -->$/, "", marker); next }
    $0 != "" { marker = "" }
  ' "$root/$document"
}

list=$(blocks)
case $document in
  README.md | */Kernels.md | */Coming*) [ -n "$list" ] || { echo "$document has no code blocks"; exit 1; } ;;
esac
while read -r line path name; do
  [ -n "$line" ] || continue # no block at all
  path=${path%:}
  if [ ! -f "$root/$path" ]; then
    echo "$document:$line: a code block without a file: $path"
    bad=1
    continue
  fi
  block=$(awk -v first="$line" 'NR >= first { if (/^```/) exit; print }' "$root/$document")
  file=$(awk -v name="$name" '
    name == "" { print; next }
    index($0, name "]") { inside = 0 }
    inside { print }
    index($0, "[" name) { inside = 1 }' "$root/$path")
  [ "$block" = "$file" ] || { echo "$document:$line: the block differs from $path $name"; bad=1; }
done <<END
$list
END

for name in $(grep -oE '\b(slm|SLM)_[A-Za-z0-9_]*[A-Za-z0-9]\b' "$root/$document" | sort -u); do
  grep -rqw "$name" "$root/include" || { echo "$document: $name is not in a header"; bad=1; }
done

# A table's row that starts with the name of a row of the instruction counts says its limit in the third cell.
awk -v document="$document" '
  FNR == NR { if ($0 !~ /^#/ && NF == 2) limit[$1] = $2; next }
  /^\| `/ {
    split($0, cell, / *\| */)
    gsub(/`/, "", cell[2])
    if (cell[2] in limit && cell[4] != limit[cell[2]]) {
      print document ":" FNR ": the limit of " cell[2] " is " limit[cell[2]]
      bad = 1
    }
  }
  END { exit bad }' "$root/ctests/bench/instruction-limits.txt" "$root/$document" || bad=1
exit "$bad"
