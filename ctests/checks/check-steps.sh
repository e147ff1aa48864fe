#!/bin/sh
# check-steps.sh MAKE: run-steps.sh says when a step starts and how long it took, and its JUnit file can be read, with
# what fails as a failure, whatever that printed.
set -eu
make=$1
here=$(cd "$(dirname "$0")" && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
unset MAKEFLAGS MAKELEVEL MFLAGS || true
cd "$scratch"

cat >Makefile <<'END'
check-build:
	@test ! -e broken
passes:
	@echo 'no closing line'; echo '[  PASSED  ] 3 test(s).'; echo "=> a < b & c > 'd'"
executes:
	@echo '	 Executed 5 tests, with 0 failures'
fails:
	@printf 'a <tag> & a "quote" ]]> \001 \033[31m \377 end\n'; sleep 1; exit 3
END

# read_junit EXPRESSION: prints a value of the file, whose root is `root`.
read_junit() {
  python3 -c 'import sys, xml.etree.ElementTree as tree
root = tree.parse("log/junit.xml").getroot()
cases = {case.get("name"): case for case in root.iter("testcase")}
print(eval(sys.argv[1]))' "$1"
}
same() { [ "$2" = "$3" ] || { echo "$1: $2, but should be $3"; exit 1; }; }

status=0
"$here/run-steps.sh" log "$make" check-build passes fails executes >out || status=$?
same 'exit status' $status 1
same 'steps started' "$(grep -c '^\.\.\.   ' out)" 4
grep -qx 'ok    passes ([0-9]* s)' out && grep -qx 'FAIL  fails ([1-9][0-9]* s)' out || { cat out; exit 1; }
grep -qF '[  PASSED  ] 3 test(s).' out && grep -q 'Executed 5 tests' out ||
  { echo 'a closing line is missing'; cat out; exit 1; }
! grep -q 'no closing line' out || { echo 'a step that passes shows more than its closing lines'; exit 1; }
same 'last line' "$(tail -n 1 out | sed 's/ in [0-9]* s;/;/')" 'make check: 3 of 4 steps passed; failed: fails'
order=$(sed -n 's/^\(\.\.\.\|ok  \|FAIL\) *\([a-z]*\).*/\1 \2/p' out | grep -n -E '(passes|fails)$' | tr '\n' ' ')
same 'order' "$order" \
  '3:... passes 4:ok   passes 5:... fails 6:FAIL fails '

same 'cases' "$(read_junit 'list(cases)')" "['check-build', 'passes', 'fails', 'executes']"
same 'counts' "$(read_junit '[root[0].get(n) for n in ("tests", "failures", "skipped")]')" "['4', '1', '0']"
same 'failures' "$(read_junit '[n for n in cases if cases[n].find("failure") is not None]')" "['fails']"
read_junit 'cases["fails"].find("failure").text' | grep -F 'a <tag> & a "quote" ]]>' >/dev/null ||
  { echo 'the failure has no text'; exit 1; }
read_junit 'cases["passes"].find("system-out").text' | grep -F "=> a < b & c > 'd'" >/dev/null ||
  { echo 'closing lines are missing'; exit 1; }
same 'time' "$(read_junit 'int(cases["fails"].get("time")) >= 1')" True

# Nothing else is run when the build fails.
touch broken
! "$here/run-steps.sh" log "$make" check-build passes >out || { echo 'a failed build passes'; exit 1; }
! grep -q 'passes (' out || { cat out; exit 1; }
same 'skipped' "$(read_junit '[n for n in cases if cases[n].find("skipped") is not None]')" "['passes']"
same 'failures' "$(read_junit '[n for n in cases if cases[n].find("failure") is not None]')" "['check-build']"

rm broken
"$here/run-steps.sh" log "$make" check-build passes >out || { cat out; exit 1; }
same 'last line' "$(tail -n 1 out | sed 's/ in .*//')" 'make check: all 2 steps passed'
same 'failures' "$(read_junit 'root.get("failures")')" 0
