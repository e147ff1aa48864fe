#!/bin/sh
# run-steps.sh LOG_DIR MAKE TARGET...: makes the targets one after another, with a line for each and a summary.
# A step that passes shows the closing lines of its test framework, one that fails shows all it printed.
log_dir=$1
make=$2
shift 2
mkdir -p "$log_dir"

passed=0
failed=
for step in "$@"; do
  log=$log_dir/$step.log
  started=$(date +%s)
  case $MAKEFLAGS in
    *jobserver*) jobs= ;;
    *) jobs=-j$(nproc) ;;
  esac
  if $make --no-print-directory --output-sync=target $jobs "$step" >"$log" 2>&1; then
    echo "ok    $step ($(($(date +%s) - started)) s)"
    grep -E '\[  (PASSED|SKIPPED) |Executed [0-9]+ test|^=> ' "$log" | sed 's/^[[:space:]]*/      /'
    passed=$((passed + 1))
  else
    echo "FAIL  $step ($(($(date +%s) - started)) s)"
    sed 's/^/      /' "$log"
    failed="$failed $step"
    [ "$step" != check-build ] || break # no other step could tell more
  fi
done

if [ -n "$failed" ]; then
  echo "make check: $passed of $# steps passed; failed:$failed"
  exit 1
fi
echo "make check: all $passed steps passed"
