#!/bin/sh
# check-steps.sh MAKE: run-steps.sh says when a step starts and how long it took, and repeats at its end what failed.
# Its JUnit file can be read, with what fails as a failure, whatever that printed. run-cmocka.sh counts its suites, and
# names what failed.
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
	@echo 'no closing line'; echo "=> a < b & c > 'd'"
counts:
	@echo 'suite: [  PASSED  ] 7 test(s).'; echo '=> 1 suites passed'
names:
	@echo 'before'; echo 'suites that failed:'; echo '  test_this'; seq 1 40; exit 1
buried:
	@echo 'first line'; echo 'a.c:12: error: wrong'; seq 1 29; echo 'last line'; exit 1
executes:
	@echo '	 Executed 5 tests, with 0 failures'; echo '[  PASSED  ] 3 test(s).'
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
sed -n '/^      fails failed:$/,$p' out | grep -qF 'a <tag> & a "quote" ]]>' ||
  { echo 'the end does not say what failed'; cat out; exit 1; }
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

# The end repeats what a step says of its failures, or lines with an error and the end of what it printed.
rm broken
! "$here/run-steps.sh" log "$make" names counts buried >out || { echo 'a failed step passes'; exit 1; }
sed -n '/^      names failed:$/,/^      buried failed:$/p' out >names
sed -n '/^      buried failed:$/,$p' out >buried
same 'first line repeated' "$(sed -n '2p' names)" '        suites that failed:'
grep -qx '          test_this' names && grep -qx '        40' names ||
  { echo 'not all is repeated'; cat names; exit 1; }
same 'error repeated' "$(sed -n '2p' buried)" '        a.c:12: error: wrong'
grep -q 'last line' buried && ! grep -q 'first line' buried || { echo 'the end is not repeated'; cat buried; exit 1; }
# The sum is shown, what it sums up is in the file.
grep -q '=> 1 suites passed' out && ! grep -q '7 test(s)' out || { echo 'more than the sum is shown'; cat out; exit 1; }
read_junit 'cases["counts"].find("system-out").text' | grep -F '7 test(s)' >/dev/null ||
  { echo 'closing lines are missing'; exit 1; }

"$here/run-steps.sh" log "$make" check-build passes >out || { cat out; exit 1; }
same 'last line' "$(tail -n 1 out | sed 's/ in .*//')" 'make check: all 2 steps passed'
same 'failures' "$(read_junit 'root.get("failures")')" 0

# Suites that pass, fail and crash, as cmocka prints it.
cat >test_passes <<'END'
#!/bin/sh
echo '[  PASSED  ] 5 test(s).'; echo '[  SKIPPED ] 2 test(s), listed below:'
END
cat >test_heap_fails <<'END'
#!/bin/sh
echo '[ RUN      ] half'; echo '[  ERROR   ] --- 1 != 2'; echo '[   LINE   ] --- a.c:3: error: Failure!'
echo '[  FAILED  ] half'; echo '[  PASSED  ] 1 test(s).'
[ "$SLABMALLOC_PROFILE" != fast ]
END
cat >test_crashes <<'END'
#!/bin/sh
echo '[ RUN      ] whole'; kill -SEGV $$
END
chmod +x test_*
same 'sum' "$("$here/run-cmocka.sh" ./test_passes | tail -n 1)" '=> 1 suites passed: 5 tests passed, 2 skipped'
! "$here/run-cmocka.sh" ./test_passes ./test_heap_fails ./test_crashes >out 2>&1 || { echo 'failures pass'; exit 1; }
sed -n '/^cmocka suites that failed:$/,$p' out | tail -n +2 >failures
printf '%s\n' '  test_crashes: exit status 139' '    [ RUN      ] whole' '  test_heap_fails (fast): exit status 1' \
  '    [  ERROR   ] --- 1 != 2' '    [   LINE   ] --- a.c:3: error: Failure!' '    [  FAILED  ] half' >expected
grep -v 'Segmentation' failures | diff expected - || { echo 'the suites that failed are not named'; exit 1; }
