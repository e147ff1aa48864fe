# Part of check-examples.sh: the word index against tr, sort and uniq.

# Words as the shell finds them. sed drops the empty line that tr makes of what comes before the first word.
reference() {
  tr -cs 'A-Za-z' '\n' <"$1" | tr 'A-Z' 'a-z' | sort | uniq -c | sed '/^ *[0-9]* *$/d'
}

counts() {
  reference "$2" >reference
  [ "$3" = "$(wc -l <reference)" ] || [ "$3" = any ] || fail "word_index, $1: not $3 different words in the test file"
  name="word_index --counts, $1 ($(($(wc -l <reference))) different words)"
  expect "$name" 0 "$build/word_index" --counts "$2" <reference
}

# Words of base-26 digits: the last letters of neighbours differ, many are frequent.
generate() {
  awk -v count="$1" 'BEGIN {
    for (i = 0; i < count; i++) {
      word = ""
      for (n = i; n > 0; n = int(n / 26)) word = word sprintf("%c", (i % 2 ? 97 : 65) + n % 26)
      printf "%s%s%d", word, i % 7 ? " the-" : "\n", i
      if (i % 3 == 0) printf " w%s ", substr("abcdefghijklmnopqrstuvwxyz", i % 23 + 1, 9)
    }
  }'
}

printf 'The end, the' >no_newline
: >empty
head -c 200000 "$build/word_index" >binary
generate 400000 >large
# Longer than the largest size: words that differ in the last letter, in length by one, and a page's worth.
awk 'BEGIN {
  for (i = 0; i < 200000; i++) long = long "a"
  print long "b", long "c", long "B", long "bb"
  for (i = 4070; i <= 4100; i++) print substr(long, 1, i), substr(long, 1, 2 * i)
}' >long

counts README "$root/README.md" any
counts 'the header' "$root/include/slabmalloc.h" any
counts 'a large file' large any
counts 'words of 200000 letters' long any
counts 'an empty file' empty 0
counts 'no final newline' no_newline 2
counts 'a binary file' binary any

expect 'word_index: missing file' 2 "$build/word_index" does_not_exist </dev/null
grep -q 'does_not_exist: No such file' errors || fail 'word_index: missing file: unclear message'
expect 'word_index: directory' 2 "$build/word_index" "$root" </dev/null
grep -q 'Is a directory' errors || fail 'word_index: directory: unclear message'
expect 'word_index: no argument' 2 "$build/word_index" </dev/null
expect 'word_index: -n without a number' 2 "$build/word_index" -n x no_newline </dev/null

# The demo: its top words, the sums of its table, its ledger.
demo() {
  if ! "$build/word_index" -n "$2" "$3" >demo; then fail "demo, $1: it failed"; return; fi
  reference "$3" | sort -k1,1nr -k2,2 | head -n "$2" | awk '{ print $1, $2 }' >top
  awk '/##*$/ { print $1, $2 }' demo | cmp -s - top || fail "demo, $1: the top words are wrong"
  holds "demo, $1" '
    $1 == "slot" { inside = 1; next }
    inside && ($1 == "large" || $1 ~ /^[0-9]+$/) {
      slabs += $2; slots += $3; bytes += $4
      if ($1 != "large" && $4 != $1 * $3) print "row " $1 ": bytes are not slots * slot size"
    }
    $1 == "total" {
      inside = 0
      total++
      if ($2 != slabs || $3 != slots || $4 != bytes) print "the total is not the sum"
    }
    $1 == "Held:" { pages = $2 }
    /^The zone is destroyed/ { if ($6 != slots) print $6 " objects, not " slots }
    $1 == "in" { base = $2; large = $3 }
    $1 == "out" { out++; if ($2 != base || $3 != large || base + large != pages) print "the ledger does not close" }
    END { if (total != 1 || out != 1 || pages == 0) print "something is missing" }' demo
}
demo README 10 "$root/README.md"
demo 'a large file' 25 large
demo 'an empty file' 10 empty

# With little address space, memory runs out in the middle: a clear message, and the ledger closes all the same.
limit=80000
words_of_200_mb() {
  awk 'BEGIN {
    for (i = 0; i < 2000; i++) prefix = prefix "a"
    for (i = 0; i < 100000; i++) {
      word = prefix
      for (n = i; n > 0; n = int(n / 26)) word = word sprintf("%c", 97 + n % 26)
      print word
    }
  }' 2>/dev/null
}
code=0
(ulimit -v $limit && "$build/word_index" no_newline) >out 2>&1 || fail "word_index, with $limit KiB: $(cat out)"
(ulimit -v $limit && words_of_200_mb | "$build/word_index" /dev/stdin) >out 2>errors || code=$?
if [ "$code" -eq 1 ] && grep -q 'out of memory' errors && ! grep -q ledger errors; then
  pass 'word_index: out of memory'
else
  fail "word_index: out of memory: exit status $code, $(cat errors)"
fi
if [ -w /dev/full ]; then
  code=0
  "$build/word_index" no_newline >/dev/full 2>errors || code=$?
  if [ "$code" -eq 1 ]; then
    pass 'word_index: output that fails'
  else
    fail "word_index: output that fails: exit status $code"
  fi
fi
