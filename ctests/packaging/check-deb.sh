#!/bin/sh
# check-deb.sh MAKE VERSION PACKAGE...: Debian packages are built in two folders and are equal; lintian has nothing
# against them; in a new Debian they are installed, used and purged. The packages are what this needs.
#
# It needs root, a network, and some minutes. debootstrap makes the new Debian.
set -e
make=$1 version=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
"$here/../checks/ensure-packages.sh" "$@"
scratch=$(mktemp -d)
mounted=
finish() {
  [ -z "$mounted" ] || umount "$mounted"
  rm -rf "$scratch"
}
trap finish EXIT
trap 'exit 1' INT TERM

# The same files, whatever the folder is called.
for folder in one another/folder; do
  $make -s --no-print-directory deb DEB_DIR="$scratch/$folder" >"$scratch/log" 2>&1 ||
    { tail -n 60 "$scratch/log"; exit 1; }
done
packages=0
for package in "$scratch"/one/*.deb; do
  cmp "$package" "$scratch/another/folder/${package##*/}"
  packages=$((packages + 1))
done
[ $packages = 5 ] || { ls "$scratch/one"; echo "$packages packages, not 3 and 2 of debug symbols"; exit 1; }
for package in libslabmalloc0 libslabmalloc-dev slabmalloc; do
  [ "$(dpkg-deb -f "$scratch/one/${package}_${version}_$(dpkg --print-architecture).deb" Version)" = "$version" ]
  dpkg-deb -x "$scratch/one/${package}_${version}_"*.deb "$scratch/files"
done
! grep -rl "$scratch" "$scratch/files" || { echo 'these name the folder that they were built in'; exit 1; }
echo "=> $packages packages, built in two folders, are equal byte for byte"

# Stripped, and the symbols in the packages for them.
libraries=$scratch/files/usr/lib/$(gcc -print-multiarch)
for file in "$libraries"/libslabmalloc.so.0 "$libraries"/libslabmalloc-preload.so "$libraries"/libslabmalloc.a \
  "$libraries"/libslabmalloc-malloc.o "$scratch"/files/usr/bin/*; do
  ! readelf -SW "$file" 2>/dev/null | grep -q '\.debug_info' || { echo "$file is not stripped"; exit 1; }
done
for package in libslabmalloc0 slabmalloc; do dpkg-deb -x "$scratch/one/$package-dbgsym_"*.deb "$scratch/symbols"; done
for file in "$libraries"/libslabmalloc.so.0 "$libraries"/libslabmalloc-preload.so; do
  id=$(readelf -n "$file" | sed -n 's/.*Build ID: //p')
  readelf -SW "$scratch/symbols/usr/lib/debug/.build-id/${id%"${id#??}"}/${id#??}.debug" | grep -q '\.debug_info'
done

# What is overridden has its reason in debian/slabmalloc.lintian-overrides.
lintian --allow-root --fail-on error,warning "$scratch"/one/*.changes >"$scratch/log" 2>&1 ||
  { cat "$scratch/log"; exit 1; }
echo '=> lintian finds no error and no warning'

if [ "$(id -u)" != 0 ]; then
  echo '=> skipped, as this is not root: packages in a new Debian'
  exit 0
fi
debian=$scratch/debian
debootstrap --variant=minbase --include=gcc,g++,libc6-dev,pkg-config bookworm "$debian" >"$scratch/log" 2>&1 ||
  { tail -n 30 "$scratch/log"; exit 1; }
mkdir "$debian/packages"
cp "$scratch"/one/*.deb "$here"/*.c "$here"/*.cc "$here"/../examples/stars.cpp "$debian/packages/"
mount -t proc proc "$debian/proc"
mounted=$debian/proc
in_debian() { chroot "$debian" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 HOME=/root "$@"; }
# What dpkg and the loader keep for themselves is none of the package's.
listing() { (cd "$debian" && find . -path ./proc -prune -o -path ./packages -prune -o -path ./var/lib/dpkg -prune -o \
  -path ./var/log -prune -o -path ./var/cache/ldconfig -prune -o -print | sort); }
listing >"$scratch/before"

in_debian dpkg -i $(cd "$scratch/one" && ls *.deb | grep -v dbgsym | sed 's|^|/packages/|') >"$scratch/log" 2>&1 ||
  { cat "$scratch/log"; exit 1; }
in_debian dpkg --audit

# use NAME COMMAND: a shell in the new Debian runs it.
used=0
use() {
  in_debian sh -ec "cd /packages; $2" >"$scratch/log" 2>&1 || { cat "$scratch/log"; echo "error: $1"; exit 1; }
  used=$((used + 1))
}
use 'the shared library' 'gcc consumer.c $(pkg-config --cflags --libs slabmalloc) -o a; ./a; ldd a | grep libslab'
use 'the archive' 'gcc consumer.c $(pkg-config --cflags --libs slabmalloc-static) -o b; ./b; ! ldd b | grep libslab'
use 'a static program' 'gcc -static consumer.c $(pkg-config --libs slabmalloc-static) -o c; ./c'
use 'C++' 'g++ -std=c++17 -Wall -Werror stars.cpp $(pkg-config --libs slabmalloc) -o d; ./d | grep "in the cache"'
use 'the override object' \
  'gcc -O1 -fno-builtin override.c $(pkg-config --libs slabmalloc-malloc) -lpthread -o e; ./e'
use 'the objects, in C++' 'g++ -std=c++17 -O1 -fno-builtin override_new.cc $(pkg-config --libs slabmalloc-malloc) \
  $(pkg-config --variable=libdir slabmalloc-malloc)/libslabmalloc-new.o -lpthread -o f; ./f'
use 'the preload library' 'gcc -O1 -fno-builtin override.c -lpthread -o g; ! ./g 2>/dev/null
  LD_PRELOAD=libslabmalloc-preload.so ./g'
use 'the tool' 'slabmalloc run --stats table -- ./a 2>&1 | grep "^slabmalloc: a \["; slabmalloc stat --help'
use 'the replay tool' 'SLABMALLOC_TRACE=/packages/t LD_PRELOAD=libslabmalloc-preload.so ls; slabmalloc-replay run t'
# The base system may leave out manuals.
use 'the manual pages' 'for page in man1/slabmalloc.1 man1/slabmalloc-replay.1 man7/libslabmalloc-preload.7 \
  man3/slabmalloc.3; do dpkg -L slabmalloc libslabmalloc-dev | grep -x /usr/share/man/$page.gz; done'
use 'a package again, of the same version' 'dpkg -i slabmalloc_*.deb'

in_debian dpkg --purge slabmalloc libslabmalloc-dev libslabmalloc0 >"$scratch/log" 2>&1 ||
  { cat "$scratch/log"; exit 1; }
listing | diff -u --label before --label 'after the purge' "$scratch/before" -
! in_debian dpkg -l | grep slabmalloc || { echo 'dpkg still knows a package'; exit 1; }
echo "=> in a new Debian the packages are installed, used in $used ways, and purged"
