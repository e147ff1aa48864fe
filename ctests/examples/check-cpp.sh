#!/bin/sh
# check-cpp.sh ROOT: what the README shows in C is C++20, too: each file that it has a C block of compiles as both.
set -eu
root=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The comment before a block names its file: <!-- path --> or <!-- path: NAME -->.
awk '/^<!-- .* -->$/ { file = $2; sub(":$", "", file) } /^```c$/ { print file }' "$root/README.md" |
  sort -u >"$scratch/files"
[ -s "$scratch/files" ] || { echo 'the README has no block in C'; exit 1; }
failed=0
while read -r file; do
  for compiler in "gcc -std=c11" "$CLANG -std=c11" "g++ -x c++ -std=c++20" \
    "$CLANG++ -x c++ -Wno-deprecated -std=c++20"; do
    # The compiler is a list of words.
    # shellcheck disable=SC2086
    $compiler -Wall -Werror -fsyntax-only -I "$root/include" "$root/$file" || { echo "$file: $compiler"; failed=1; }
  done
done <"$scratch/files"
[ $failed -eq 0 ] || exit 1
echo "=> what the README shows in C compiles as C++20: $(wc -l <"$scratch/files") files"
