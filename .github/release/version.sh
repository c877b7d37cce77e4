#!/usr/bin/env bash
# Prints the version of amp-stack.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1
