#!/usr/bin/env bash
# finish.sh DIRECTORY REPOSITORY: writes SHA256SUMS of what is in DIRECTORY, and the formula for Homebrew that
# takes the archives from the releases of REPOSITORY.
set -euo pipefail

dist=$1
repository=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
version=$(bash "$root/.github/release/version.sh")

(cd "$dist" && rm -f SHA256SUMS && sha256sum -- * >SHA256SUMS)

# The sum of the archive for a target.
sum() {
    local archive=amp-stack-$version-$1.tar.gz
    awk -v archive="$archive" '$2 == archive { print $1; found = 1 } END { exit !found }' "$dist/SHA256SUMS" ||
        { echo "error: there is no $archive in $dist" >&2; return 1; }
}

formula=$(sed "s|@VERSION@|$version|g; s|@REPOSITORY@|$repository|g" "$root/.github/release/amp-stack.rb")
for target in x86_64-unknown-linux-musl aarch64-unknown-linux-musl x86_64-apple-darwin aarch64-apple-darwin; do
    digest=$(sum "$target")
    formula=${formula//@$target@/$digest}
done
printf '%s\n' "$formula" >"$dist/amp-stack.rb"
