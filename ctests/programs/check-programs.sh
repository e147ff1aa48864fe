#!/bin/sh
# check-programs.sh BUILD_DIR LIBRARY SCRIPT...: runs each script by run-program.sh, one after another, since their
# times are compared. The last line tells how many were skipped.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$1
library=$2
shift 2
output=$(mktemp)
trap 'rm -f "$output"' EXIT
done=0
skipped=
failed=
for script in "$@"; do
  name=$(basename "$script" .sh)
  if "$here/run-program.sh" "$build" "$library" "$script" >"$output" 2>&1; then
    if grep -q '^SKIP ' "$output"; then skipped="$skipped $name"; else done=$((done + 1)); fi
  else
    failed="$failed $name"
  fi
  cat "$output"
done
if [ -n "$failed" ]; then
  echo "check-programs: failed:$failed"
  exit 1
fi
count=$(echo "$skipped" | wc -w)
echo "=> $done programs do the same in profiles checked and hardened, $count skipped${skipped:+:$skipped}"
