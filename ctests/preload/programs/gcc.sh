# C: the compiler's object, byte for byte, and what the program prints.
# needs: gcc ld as
# programs: gcc cc1 as collect2 ld
awk 'BEGIN {
  print "#include <stdio.h>\n#include <string.h>"
  for (i = 0; i < 120; i++)
    printf "struct s%d { int a[%d]; char *b; };\nstatic long f%d(const struct s%d *s, int n) {\n  long r = %d;\n" \
      "  for (int i = 0; i < n; i++) r = r * 31 + s->a[i %% %d] + (s->b ? (long)strlen(s->b) : 0);\n  return r;\n}\n",
      i, i % 9 + 1, i, i, i * 7, i % 9 + 1
  print "int main(void) {\n  unsigned long sum = 0;"
  for (i = 0; i < 120; i++) printf "  sum += (unsigned long)f%d(&(struct s%d){{%d}, \"text %d\"}, %d);\n", i, i, i, i, i
  print "  printf(\"%lu\\n\", sum);\n  return 0;\n}"
}' >many.c
for level in -O0 '-O2 -g'; do
  # The level is a list of words.
  # shellcheck disable=SC2086
  gcc -std=c11 -Wall $level -c many.c -o many.o
  cksum many.o
  gcc many.o -o many
  ./many
done
