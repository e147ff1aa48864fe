#!/bin/sh
# run-fuzz.sh BUILD_DIR TARGET SECONDS: first the seeds on the library as it is built, then new programs for so long,
# with the instrumented core, and these again on the library. What fails stays in BUILD_DIR/failed-TARGET.
# SLM_TEST_SEED: which ones; without it, others each time.
set -eu
. "$(dirname "$0")/report.sh"
log=$build/$target.log

on_library "$seeds"
# Without an environment: the core looks for its options there, and libFuzzer takes what it sees compared into its
# programs.
env -i "$build/$target" -artifact_prefix="$failed/" -timeout=120 -max_len=1500 -len_control=20 -rss_limit_mb=3000 \
  -seed="${SLM_TEST_SEED:-0}" \
  -print_final_stats=1 \
  -max_total_time="$seconds" "$grown" "$seeds" >"$log" 2>&1 || complain "see above"
programs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
covered=$(sed -n 's/.*DONE *cov: *\([0-9]*\).*/\1/p' "$log")
on_library "$grown"
echo "=> $target: $programs programs in $seconds s, $covered edges"
