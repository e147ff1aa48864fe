#!/bin/sh
# ensure-packages.sh PACKAGE...: installs the Debian packages that are missing.
missing=
for package in "$@"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  as_root=
elif sudo -n true 2>/dev/null; then
  as_root='sudo -n'
else
  as_root=false
fi
install() {
  DEBIAN_FRONTEND=noninteractive $as_root apt-get -o DPkg::Lock::Timeout=300 install -qq -y --no-install-recommends \
    $missing >/dev/null 2>&1
}
if [ "$as_root" != false ] && command -v apt-get >/dev/null; then
  echo "  APT    $missing"
  install || { $as_root apt-get -qq update >/dev/null 2>&1 && install; } && exit 0
fi
echo "please install these packages (their names are Debian's):$missing" >&2
exit 1
