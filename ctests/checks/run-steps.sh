#!/bin/sh
# run-steps.sh LOG_DIR MAKE TARGET...: makes the targets one after another. Prints a line when a step starts, one with
# its time when it ends, and a summary. A step that passes shows its closing lines, one that fails all it printed. What
# failed is repeated before the summary, because CI systems cut the middle out of a long log.
#
#     => 4 things hold               a closing line of a step
#     things that failed:            repeated with all below it; without such a line: lines with an error, and the end
#
# LOG_DIR/junit.xml has the results for CI systems, rewritten after each step: a test case for each, with all closing
# lines of its test framework, or all it printed if it failed.
log_dir=$1
make=$2
shift 2
mkdir -p "$log_dir"
log_dir=$(cd "$log_dir" && pwd)
cases=$log_dir/junit.cases
: >"$cases"
rm -f "$log_dir/junit.xml"

# XML has no control characters and no broken UTF-8, of which a program that crashes may print some.
escape() {
  iconv -c -f UTF-8 -t UTF-8 | tr -d '\000-\010\013\014\016-\037\177' | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g'
}

# junit_case STEP SECONDS [ELEMENT]: adds a case, with standard input as the text of the element.
junit_case() {
  printf '    <testcase classname="make check" name="%s" time="%s">' "$1" "$2"
  case $3 in
    failure) printf '<failure message="%s failed">%s</failure>' "$1" "$(escape)" ;;
    skipped) printf '<skipped message="%s was not run"/>' "$1" ;;
    *) printf '<system-out>%s</system-out>' "$(escape)" ;;
  esac
  echo '</testcase>'
} >>"$cases"

write_junit() {
  attributes="tests=\"$(grep -c '<testcase ' "$cases")\" failures=\"$(grep -c '<failure ' "$cases")\""
  attributes="$attributes skipped=\"$(grep -c '<skipped ' "$cases")\" time=\"$(($(date +%s) - began))\""
  {
    echo '<?xml version="1.0" encoding="UTF-8"?>'
    echo "<testsuites name=\"slabmalloc\" $attributes>"
    echo "  <testsuite name=\"make check\" $attributes>"
    cat "$cases"
    echo '  </testsuite>'
    echo '</testsuites>'
  } >"$log_dir/junit.new"
  mv "$log_dir/junit.new" "$log_dir/junit.xml"
}

# The closing lines of a log: those of test frameworks and those that sum up, without the lines that these sum up.
closing() { grep -E '\[  (PASSED|SKIPPED) |Executed [0-9]+ test|^=> ' "$1" | sed 's/^[[:space:]]*//'; }
short_closing() {
  if grep -q '^=> ' "$1"; then grep '^=> ' "$1"; else cat "$1"; fi
}

# The lines of a log that name what failed, at most 100.
named_failures() {
  headline=$(grep -n ' failed:$' "$1" | tail -n 1 | cut -d: -f1)
  if [ -n "$headline" ]; then
    tail -n "+$headline" "$1" | head -n 100
  else
    # With targets made side by side, the one that failed may not be the last.
    head -n -30 "$1" | grep -E '\[  (ERROR|FAILED) |\[   LINE |FAILED|: error: |\*\*\* \[' | tail -n 70
    tail -n 30 "$1"
  fi
}

began=$(date +%s)
case $MAKEFLAGS in
  *jobserver*) jobs= ;;
  *) jobs=-j$(nproc) ;;
esac
passed=0
failed=
steps=$#
for step in "$@"; do
  log=$log_dir/$step.log
  case $failed in
    *' check-build'*)
      junit_case "$step" 0 skipped # which needs what was not built
      continue
      ;;
  esac
  echo "...   $step"
  started=$(date +%s)
  status=0
  $make --no-print-directory --output-sync=target $jobs "$step" >"$log" 2>&1 || status=$?
  seconds=$(($(date +%s) - started))
  if [ $status -eq 0 ]; then
    echo "ok    $step ($seconds s)"
    closing "$log" >"$log_dir/closing"
    short_closing "$log_dir/closing" | sed 's/^/      /'
    junit_case "$step" $seconds <"$log_dir/closing"
    passed=$((passed + 1))
  else
    echo "FAIL  $step ($seconds s)"
    sed 's/^/      /' "$log"
    junit_case "$step" $seconds failure <"$log"
    failed="$failed $step"
  fi
  write_junit
done
write_junit
rm -f "$cases" "$log_dir/closing"

if [ -n "$failed" ]; then
  for step in $failed; do
    echo "      $step failed:"
    named_failures "$log_dir/$step.log" | sed 's/^/        /'
  done
  echo "make check: $passed of $steps steps passed in $(($(date +%s) - began)) s; failed:$failed"
  exit 1
fi
echo "make check: all $passed steps passed in $(($(date +%s) - began)) s"
