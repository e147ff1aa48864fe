#!/bin/sh
# check-names.sh ROOT: names that the interface no longer has are named nowhere: not in code, and not in a document but
# CHANGELOG.md, whose table says what took their place.
set -eu
cd "$1"
gone='slm_safe_zone|slm_smp_zone|SLM_SAFE_ZONE|SLM_SMP_ZONE|slm_sc|SLM_SC|slm_heap_free|slm_purge'
gone="$gone|slm_process_options_get|slm_process_options_set|slm_process_statistics_get|slm_set_misuse_handler"
gone="$gone|slm_region_fragmentation_get"
gone="$gone|slm_swift_heap_start_zone"
left=$(grep -rnwE "($gone)(_[a-z_]*)?" Makefile Package.swift README.md include Sources Tests ctests .ci \
  --exclude=check-names.sh --exclude-dir='corpus-*' --exclude-dir=.build | cut -c1-160) || true
if [ -n "$left" ]; then
  echo "$left"
  echo "$(echo "$left" | wc -l) lines have names of before"
  exit 1
fi
