#!/usr/bin/env bash
# wheel.sh DIRECTORY [TRIPLE]: makes a wheel in DIRECTORY of the release build (for TRIPLE, or for this machine).
# MATURIN_OPTIONS has further options of maturin, which is found on the PATH.
set -euo pipefail

mkdir -p "$1"
output=$(cd "$1" && pwd)
triple=${2:-}
platforms=
# A static program runs with any libc, and without this pip would take the wheel for one of them only.
case $triple in *-linux-musl) platforms="--compatibility manylinux2014 musllinux_1_1" ;; esac
# maturin looks for pyproject.toml where it is started.
cd "$(dirname "$0")"
# shellcheck disable=SC2086 # options are words
maturin build --release --locked ${triple:+--target "$triple"} --out "$output" $platforms ${MATURIN_OPTIONS:-}
