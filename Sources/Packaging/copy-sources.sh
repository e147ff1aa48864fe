#!/bin/sh
# copy-sources.sh ROOT COPY: copies what a source package has: not what was built, nor git's files.
set -e
mkdir -p "$2"
(cd "$1" && find . \( -path ./build -o -path ./.git -o -name '.build*' -o -name Package.resolved \) -prune -o \
  -type f -print0 | tar -cf - --null -T -) | tar -xf - -C "$2"
