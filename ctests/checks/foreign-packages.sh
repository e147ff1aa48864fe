#!/bin/sh
# foreign-packages.sh ROOT ARCHITECTURE PACKAGE...: unpacks Debian packages of another architecture into the folder
# ROOT. Nothing is installed, and apt's own lists stay as they are: a machine that knows a second architecture would
# fetch its lists for ever after.
set -eu
root=$1
architecture=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/state/lists/partial" "$scratch/cache/archives/partial"
: >"$scratch/state/status"
apt() {
  apt-get -qq -o APT::Architecture="$architecture" -o APT::Architectures="$architecture" -o APT::Sandbox::User= \
    -o Dir::State="$scratch/state" -o Dir::State::status="$scratch/state/status" -o Dir::Cache="$scratch/cache" "$@"
}

echo "  APT     $architecture: $*"
# A list of somebody else that cannot be fetched is none of ours.
apt update >"$scratch/log" 2>&1 || true
(cd "$scratch" && apt download "$@" >>"$scratch/log" 2>&1) || {
  cat "$scratch/log" >&2
  echo "please unpack these packages for $architecture into $root (their names are Debian's): $*" >&2
  exit 1
}
mkdir -p "$root"
for package in "$scratch"/*.deb; do dpkg-deb -x "$package" "$root"; done
