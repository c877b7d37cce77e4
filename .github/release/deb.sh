#!/usr/bin/env bash
# deb.sh TARGET_DIRECTORY [TRIPLE]: makes a Debian package in dist/ of the release build in TARGET_DIRECTORY (for
# TRIPLE, or for this machine), with manual, completions and changelog. DEBFULLNAME and DEBEMAIL say who answers
# for it, as for Debian's own tools. CARGO_DEB_OPTIONS has further options of cargo-deb.
set -euo pipefail

target_directory=$(realpath "$1")
triple=${2:-}
root=$(cd "$(dirname "$0")/../.." && pwd)
version=$(bash "$root/.github/release/version.sh")
name=${DEBFULLNAME:-The amp-stack maintainers}
maintainer="$name <${DEBEMAIL:-maintainers@amp-stack.invalid}>"
built=$target_directory/${triple:+$triple/}release
# What `assets` in Cargo.toml takes from beside the program.
extras=$built/debian
rm -rf "$extras"
mkdir -p "$extras/man" "$extras/completions" dist

"$built/amp-stack" man --dir "$extras/man"
gzip -9n "$extras/man/"*.1
for shell in bash fish zsh; do
    "$built/amp-stack" completions "$shell" >"$extras/completions/$shell"
done
# The same commit gives the same package, whenever it is made.
seconds=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct)}
{
    printf 'amp-stack (%s-1) unstable; urgency=medium\n\n' "$version"
    printf '  * See /usr/share/doc/amp-stack/guide/changes.md.\n\n'
    printf ' -- %s  %s\n' "$maintainer" "$(LC_ALL=C date --utc --rfc-email --date="@$seconds")"
} | gzip -9n >"$extras/changelog.Debian.gz"

output=$PWD/dist/
cd "$root"
# shellcheck disable=SC2086 # options are words
CARGO_TARGET_DIR=$target_directory cargo deb --locked --no-build --no-strip --maintainer "$maintainer" \
    ${triple:+--target "$triple"} --output "$output" ${CARGO_DEB_OPTIONS:-}
