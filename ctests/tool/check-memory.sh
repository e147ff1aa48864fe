#!/bin/sh
# Does what the article on a program's memory does: runs each of its commands, and looks for each line that it shows.
# usage: check-memory.sh BUILD_DIR     CC: the compiler
# Numbers differ from run to run: the article's are compared by their places. The server's number there is 4711.
set -eu
export LC_ALL=C
build=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
article=$root/Sources/SlabMalloc/SlabMalloc.docc/Memory.md
. "$here/targets.sh"
enter_scratch
ready_word=served
PATH=$build/tool:$PATH
cp "$root/ctests/examples/shop.c" .

plain() { sed -E 's/0x[0-9a-f]+/N/g; s/[0-9]+(\.[0-9]+)?/N/g; s/ +/ /g; s/stops?$/stop/'; }

# run COMMAND: its output is in out. One that ends with & is the server that the next ones look at.
run() {
  case $1 in
    *' &')
      stop
      start sh -c "exec ${1% &}"
      cat said said.errors >out
      ;;
    *)
      command=$(printf '%s\n' "$1" | sed "s/4711/$pid/")
      sh -c "$command" >out 2>&1 || fail "$command" out
      ;;
  esac
  checks=$((checks + 1))
}

awk '/^```/ { inside = !inside } !inside && sub(/^    /, "")' "$article" >lines
[ "$(grep -c '^\$ ' lines)" -ge 10 ] || fail 'the article has few commands' lines
while IFS= read -r line; do
  case $line in
    '$ '*)
      run "${line#'$ '}"
      plain <out >out.plain
      shown=$line
      ;;
    ...) ;;
    *)
      checks=$((checks + 1))
      printf '%s\n' "$line" | plain >line.plain
      grep -qxF -f line.plain out.plain || fail "$shown does not show: $line" out
      ;;
  esac
done <lines

# What the article says of these numbers.
slabmalloc stat --json "$pid" >mended.json
same 'live bytes of the mended server, in units of 64 KiB' 6 "$(($(jq .total.live_bytes mended.json) / 65536))"
for picture in shop.svg shop-flame.svg; do grep -q '</svg>' $picture || fail "$picture is no picture" $picture; done
grep -q '>remember<' shop-flame.svg || fail 'the flame graph is without remember' shop-flame.svg
stop
echo "=> $checks checks of the article on a program's memory"
