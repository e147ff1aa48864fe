# awk and sort on a generated file of 15 MB, with sort's threads and temporary files.
# needs: awk sort uniq grep sed
# programs: awk sort uniq grep sed
awk 'BEGIN {
  seed = 12345
  for (i = 0; i < 300000; i++) {
    seed = (seed * 16807) % 2147483647
    letters = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz"
    printf "%d word%d %s\n", seed, seed % 5003, substr(letters, seed % 26 + 1, seed % 27)
  }
}' >lines
cksum <lines
sort lines | cksum
sort -k2,2 -k1,1nr --parallel=4 -S 40M lines | cksum
sort -n -S 1M -T . lines | cksum
awk '{ count[$2]++; text[$2] = text[$2] substr($3, 1, 2) }
  END { for (w in count) print count[w], w, length(text[w]) }' lines |
  sort -k1,1nr -k2,2 | sed -n 1,20p
awk '{ print $2 }' lines | sort | uniq -c | sort -rn | cksum
grep -E -c 'word[0-9]*7 [a-m]+$' lines
sed -E 's/word([0-9]+)/\1word/; s/[aeiou]+/_/g' lines | cksum
