#!/usr/bin/env bash
# wheels.sh DIRECTORY: puts the wheels in DIRECTORY into one archive there. Beside the archives of the program mise
# would take the wheel for its platform, which has the more fitting name, for one of them.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
name=amp-stack-$(bash "$root/.github/release/version.sh")-wheels
cd "$1"
mkdir "$name"
mv -- *.whl "$name/"
tar --create --gzip --file "$name.tar.gz" "$name"
rm -r "$name"
echo "$name is packed"
