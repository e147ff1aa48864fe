#!/bin/sh
# shadow.sh HEADER OUT.so: a library that exports what a header declares, with the debug information that C has.
#
# That of the real library is Swift's, in which a C tool finds no types. But the Swift compiler refuses a function that
# differs from its declaration in the header, and check-symbols finds one that is missing: so the header's types are the
# library's. Here each declaration becomes a definition, and the macros that have a value become the constants of one
# enum.
set -e
header=$1
out=$2
constants=$(sed -n 's/^#define \(SLM_[A-Z_]*\) .*/\1/p' "$header" |
  grep -v -e '^SLM_VERSION' -e '^SLM_NULLABLE$' -e '^SLM_NONNULL$' -e 'NODISCARD$' -e '^SLM_DEFAULT_OPTIONS$' \
    -e '^SLM_NO_PROVIDER$' | sort -u)
storages=$(sed -n 's/^} \(slm_[a-z_]*_storage\);/\1/p' "$header")
{
  # Attributes may stand behind a declaration, but not behind the head of a definition.
  attributes='SLM_(NODISCARD|(MALLOC|CONSTRUCTED)\([^)]*\)|ALLOC_SIZE\([^)]*\)|ALLOC_ALIGN\([^)]*\))'
  sed -zE 's,/\*([^*]|\*+[^*/])*\*+/,,g' "$header" | sed -E "/^ *#/!s/$attributes//g" |
    sed -zE -e 's/\)[[:space:]]+;/);/g' -e 's/(\<slm_[a-z0-9_]*\([^;{}#]*\));/\1 { __builtin_trap(); }/g'
  printf 'enum slm_constant {\n'
  printf '  VALUE_OF_%s,\n' $(printf '%s\n' $constants | sed 's/.*/&=(int)(&)/')
  printf '  ALIGNMENT_OF_%s,\n' $(printf '%s\n' $storages | sed 's/.*/&=_Alignof(&)/')
  printf '};\nenum slm_constant slm_a_constant;\n'
  # Types that no function leads to.
  printf '%s\n' $storages | sed 's/.*/& slm_a_&;/'
} >"$out.c"
{
  printf 'SLABMALLOC_0 { global: slm_a_*;\n'
  tr '\n' ' ' <"$out.c" | grep -o '\<slm_[a-z0-9_]*([^()]*) { __builtin_trap' | sed 's/(.*/;/'
  printf 'local: *; };\n'
} >"$out.map"
"$CLANG" -w -std=gnu11 -gdwarf-4 -fPIC -shared -fuse-ld=lld -nostdlib -o "$out" "$out.c" -lc -Wl,-soname,"$SONAME" \
  -Wl,--version-script="$out.map"
