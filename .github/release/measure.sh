#!/usr/bin/env bash
# measure.sh PROGRAM: prints the size of a release build and how long it takes to start, for src/guide/changes.md.
set -euo pipefail

program=$1
bytes=$(wc -c <"$program")
echo "size: $((bytes / 1024 / 1024)) MiB ($bytes bytes)"
rounds=50
begin=$(date +%s%N)
for _ in $(seq "$rounds"); do "$program" --version >/dev/null; done
end=$(date +%s%N)
echo "start: $(((end - begin) / rounds / 1000)) microseconds for --version, mean of $rounds"
