#!/usr/bin/env bash
# pack.sh TARGET DIRECTORY: packs the program in DIRECTORY, which was built for TARGET, into dist/, with
# completions, manual, licence and README. Names are NAME-VERSION-TARGET, which cargo-binstall, aqua and mise
# understand.
set -euo pipefail

target=$1
built=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
version=$(bash "$root/.github/release/version.sh")
name=amp-stack-$version-$target
program=amp-stack
case $target in *windows*) program=amp-stack.exe ;; esac

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/$name/completions" "$stage/$name/man" dist
cp "$built/$program" "$root/LICENSE" "$root/README.md" "$stage/$name/"
for shell in bash elvish fish powershell zsh; do
    "$built/$program" completions "$shell" >"$stage/$name/completions/amp-stack.$shell"
done
"$built/$program" man --dir "$stage/$name/man"

case $target in
*windows*) (cd "$stage" && 7z a -bso0 "$name.zip" "$name") && mv "$stage/$name.zip" dist/ ;;
*) tar --create --gzip --file "dist/$name.tar.gz" --directory "$stage" "$name" ;;
esac
echo "dist/$name is packed"
