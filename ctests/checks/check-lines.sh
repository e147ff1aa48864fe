#!/bin/sh
# check-lines.sh ROOT: no line is longer than 120 columns, and none ends in a blank. The formatters of Swift and C leave
# comments as they are, and don't know shell, make and Markdown. Exempt are a table's rows and lines with a link in
# Markdown, and what is no source: corpora, baselines, limits.
set -eu
export LC_ALL=C.UTF-8
cd "$1"
sources() {
  find Makefile CMakeLists.txt Package.swift README.md CHANGELOG.md .ci debian .clang-format \
    .swift-format include Sources Tests ctests \
    -type f ! -path '*/corpus-*' ! -path '*/baseline/*' ! -path '*/.build/*' ! -name '*.svg' ! -name '*.png' \
    ! -name Package.resolved \
    2>/dev/null | sort
}
long=$(sources | xargs grep -InHE '^.{121,}|[[:blank:]]$' |
  grep -v -E '^[^:]*\.md:[0-9]*:( *\||.*\]\(|.*<https?:)' | cut -c1-160) || true
if [ -n "$long" ]; then
  echo "$long"
  echo "$(echo "$long" | wc -l) lines are longer than 120 columns, or end in a blank"
  exit 1
fi
echo "=> $(sources | wc -l) files keep to 120 columns"
