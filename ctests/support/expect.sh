# What scripts that check a tool share. They count in $checks.

# fail WHAT FILE...: ends the script, and shows what the files say.
fail() {
  echo "FAIL  $1"
  shift
  for file in "$@"; do sed 's/^/      /' "$file" | head -n 20; done
  exit 1
}

# same WHAT EXPECTED ACTUAL
same() {
  checks=$((checks + 1))
  [ "$2" = "$3" ] && return
  echo "FAIL  $1"
  printf '      expected: %s\n      actual:   %s\n' "$2" "$3"
  exit 1
}
