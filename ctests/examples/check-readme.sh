#!/bin/sh
# The README against the code: every C and Swift block is a file of the examples, every slm_ name is in the header.
# usage: check-readme.sh ROOT
#
# A block follows a line `<!-- path -->`, and equals that file. With `<!-- path: NAME -->` it equals what stands
# between the comments `[NAME` and `NAME]` of the file.
set -eu
root=$1
bad=0

# Lists each block: its first line's number, and its marker.
blocks() {
  awk '
    /^```/ && inside { inside = 0; next }
    /^```/ { inside = 1
             if ($0 ~ /^```(c|swift|cpp)$/) print NR + 1, (marker == "" ? "none" : marker) }
    !inside { if ($0 ~ /^<!-- .* -->$/) { marker = $0; gsub(/^<!-- | -->$/, "", marker) } else if ($0 != "") marker = "" }
  ' "$root/README.md"
}

list=$(blocks)
[ -n "$list" ] || { echo 'README.md has no code blocks'; exit 1; }
while read -r line path name; do
  path=${path%:}
  if [ ! -f "$root/$path" ]; then
    echo "README.md:$line: a code block without a file: $path"
    bad=1
    continue
  fi
  block=$(awk -v first="$line" 'NR >= first { if (/^```/) exit; print }' "$root/README.md")
  file=$(awk -v name="$name" '
    name == "" { print; next }
    index($0, name "]") { inside = 0 }
    inside { print }
    index($0, "[" name) { inside = 1 }' "$root/$path")
  [ "$block" = "$file" ] || { echo "README.md:$line: the block differs from $path $name"; bad=1; }
done <<END
$list
END

for name in $(grep -oE '\b(slm|SLM)_[A-Za-z0-9_]*[A-Za-z0-9]\b' "$root/README.md" | sort -u); do
  grep -qw "$name" "$root/include/slabmalloc.h" || { echo "README.md: $name is not in the header"; bad=1; }
done
exit "$bad"
