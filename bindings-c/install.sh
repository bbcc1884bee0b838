#!/usr/bin/env bash
# Builds the C library and lays it out below a folder that can be moved anywhere afterwards:
#
#   bindings-c/install.sh [FOLDER]        FOLDER is dist/c of the repository unless given
#
#   include/wiresign.h
#   lib/libwiresign.so -> libwiresign.so.0 -> libwiresign.so.VERSION
#   lib/libwiresign.a
#   lib/pkgconfig/wiresign.pc, wiresign-static.pc
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
folder=${1:-$root/dist/c}

cargo build --manifest-path "$here/Cargo.toml" --package wiresign-c --release --locked

built=${CARGO_TARGET_DIR:-$root/target}/release
version=$(cargo pkgid --manifest-path "$here/Cargo.toml" --package wiresign-c)
version=${version##*[@#]}
# The number of the C ABI, as in build.rs and in wiresign.h; a test compares the three.
soname=libwiresign.so.0

install -d "$folder/include" "$folder/lib/pkgconfig"
install -m 644 "$here/include/wiresign.h" "$folder/include/wiresign.h"
install -m 755 "$built/libwiresign_c.so" "$folder/lib/libwiresign.so.$version"
install -m 644 "$built/libwiresign_c.a" "$folder/lib/libwiresign.a"
ln -sfn "libwiresign.so.$version" "$folder/lib/$soname"
ln -sfn "$soname" "$folder/lib/libwiresign.so"
for name in wiresign wiresign-static; do
    sed -e "s|@VERSION@|$version|g" -e "s|@PRIVATE@|$(<"$here/native-static-libs.txt")|g" \
        "$here/$name.pc.in" >"$folder/lib/pkgconfig/$name.pc"
done

echo "installed wiresign $version below $folder"
