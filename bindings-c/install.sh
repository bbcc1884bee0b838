#!/usr/bin/env bash
# Builds the C library and lays it out below a folder that can be moved anywhere afterwards:
#
#   bindings-c/install.sh [FOLDER]        FOLDER is dist/c of the repository unless given
#
#   include/wiresign.h, wiresign.hpp
#   lib/libwiresign.so -> libwiresign.so.VERSION, libwiresign.so.0 -> libwiresign.so.VERSION
#   lib/libwiresign.a
#   lib/pkgconfig/wiresign.pc, wiresign-static.pc
#   lib/cmake/wiresign/wiresign-config.cmake, wiresign-config-version.cmake
#
# What cargo-c installs too is where cargo-c puts it: docs/adr/0015-what-the-c-abi-promises.md says by which settings, and
# tests/run compares.
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

# Others may read the installation meanwhile, so each file is there as a whole at any moment.
# put MODE FROM TO
put() {
    cmp -s "$2" "$3" || { install -m "$1" "$2" "$3.new" && mv -f "$3.new" "$3"; }
}
# point LINK TO
point() {
    [[ $(readlink "$1") == "$2" ]] || ln -sfn "$2" "$1"
}

install -d "$folder/include" "$folder/lib/pkgconfig" "$folder/lib/cmake/wiresign"
put 644 "$here/include/wiresign.h" "$folder/include/wiresign.h"
put 644 "$here/include/wiresign.hpp" "$folder/include/wiresign.hpp"
put 755 "$built/libwiresign_c.so" "$folder/lib/libwiresign.so.$version"
put 644 "$built/libwiresign_c.a" "$folder/lib/libwiresign.a"
point "$folder/lib/$soname" "libwiresign.so.$version"
point "$folder/lib/libwiresign.so" "libwiresign.so.$version"
private=$(<"$here/native-static-libs.txt")
# fill TEMPLATE FILE
fill() {
    sed -e "s|@VERSION@|$version|g" -e "s|@MINOR@|${version%.*}|g" -e "s|@SONAME@|$soname|g" \
        -e "s|@PRIVATE@|$private|g" -e "s|@PRIVATE_LIST@|${private// /;}|g" "$here/$1" >"$2.new"
    mv -f "$2.new" "$2"
}
for name in wiresign.pc wiresign-static.pc; do
    fill "$name.in" "$folder/lib/pkgconfig/$name"
done
for name in wiresign-config.cmake wiresign-config-version.cmake; do
    fill "$name.in" "$folder/lib/cmake/wiresign/$name"
done

echo "installed wiresign $version below $folder"
