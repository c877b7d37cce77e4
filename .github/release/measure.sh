#!/usr/bin/env bash
# measure.sh PROGRAM: prints the size of a release build and how long it takes to start, for src/guide/changes.md.
set -euo pipefail

program=$1
bytes=$(wc -c <"$program")
awk -v bytes="$bytes" 'BEGIN { printf "size: %.1f MiB (%d bytes)\n", bytes / 1024 / 1024, bytes }'
# The least of them, because whatever else the machine does only adds to it.
rounds=200
least=
for _ in $(seq "$rounds"); do
    begin=$(date +%s%N)
    "$program" --version >/dev/null
    took=$((($(date +%s%N) - begin) / 1000))
    if [ -z "$least" ] || [ "$took" -lt "$least" ]; then least=$took; fi
done
awk -v least="$least" -v rounds="$rounds" \
    'BEGIN { printf "start: %.1f ms for --version, the least of %d\n", least / 1000, rounds }'
