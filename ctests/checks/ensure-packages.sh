#!/bin/sh
# ensure-packages.sh PACKAGE...: installs the Debian packages that are missing. A server that does not answer, or
# somebody else who installs meanwhile, is no reason to fail at once: it is tried for some minutes.
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
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install() {
  DEBIAN_FRONTEND=noninteractive $as_root apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 install -qq -y \
    --no-install-recommends $missing >"$log" 2>&1 </dev/null
}
if [ "$as_root" != false ] && command -v apt-get >/dev/null; then
  echo "  APT    $missing"
  install && exit 0
  for pause in 0 5 15 30 60; do
    # What no list names will not come by waiting.
    [ "$pause" = 0 ] || ! grep -q 'Unable to locate package' "$log" || break
    sleep "$pause"
    # A list of somebody else that cannot be fetched is none of ours.
    $as_root apt-get -o Acquire::Retries=3 -qq update >/dev/null 2>&1 </dev/null || true
    install && exit 0
  done
  cat "$log" >&2
fi
echo "please install these packages (their names are Debian's):$missing" >&2
exit 1
