#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Names each single test case that skipped in the last ctest run of build folder $1, with its reason.
log="${1:-build}/Testing/Temporary/LastTest.log"
[ -f "$log" ] || exit 0
awk '
  /^\[ +SKIPPED *\]/ { name=$0; sub(/^\[ +SKIPPED *\] /, "", name); sub(/ \([0-9]+ ms\)$/, "", name); if (reason != "" && !(name in seen)) { seen[name]=1; print "  " name ": " reason; n++ } reason=""; next }
  /: Skipped$/ { getline; reason=$0; next }
  END { if (n) print "Skipped single cases: " n }
' "$log"
