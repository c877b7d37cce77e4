#!/usr/bin/env bash
# Installs the amp-stack that belongs to this action, unless it is there: the action's own repository is
# checked out at the commit that the workflow names, so what is built is what was pinned.
set -euo pipefail

root=$(cd "$(dirname "$0")/../../.." && pwd)
wanted=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml" | head -n 1)
if [ "$(amp-stack --version 2>/dev/null)" = "amp-stack $wanted" ]; then
    echo "amp-stack $wanted is installed"
    exit 0
fi
cargo install --locked --path "$root"
