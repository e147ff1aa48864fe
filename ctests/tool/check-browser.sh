#!/bin/sh
# check-browser.sh BUILD_DIR: a page of thousands of slabs, a picture of them, and one of a trace, in a browser. They
# stay in BUILD_DIR/tool/browser, and so do the screenshots.
set -eu
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
trap 'stop; rm -rf profile' EXIT
rm -rf "$build/tool/browser"
mkdir -p "$build/tool/browser"
cd "$build/tool/browser"
. "$here/targets.sh"
start env LD_PRELOAD="$build/libslabmalloc-preload.so" "$build/tool/slabs"
"$tool" map -o heap.html --every 200ms --frames 10 "$pid"
"$tool" map -o heap.svg "$pid"
stop
"$tool" run --record perl.trace -- perl -e 'my %h; $h{$_} = "x" x ($_ % 300) for 1 .. 9999; undef %h'
"$tool" map -o timeline.svg perl.trace
/usr/bin/python3 "$here/check_browser.py" .
