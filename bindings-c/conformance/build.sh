#!/usr/bin/env bash
# Builds build/c/conformance_driver against the installation that install.sh made:
#
#   bindings-c/conformance/build.sh [FOLDER]      FOLDER is dist/c of the repository unless given
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$(dirname "$here")")
folder=${1:-$root/dist/c}

# need PROGRAM PACKAGE
need() {
    command -v "$1" >/dev/null || { echo "$1 is missing: install the Debian package $2" >&2; exit 2; }
}
need gcc gcc
need pkg-config pkg-config
pkg-config --exists libcjson || { echo "cJSON is missing: install the Debian package libcjson-dev" >&2; exit 2; }
[[ -f $folder/lib/pkgconfig/wiresign.pc ]] || { echo "$folder holds no library: run bindings-c/install.sh" >&2; exit 2; }

export PKG_CONFIG_PATH=$folder/lib/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}
mkdir -p "$root/build/c"
read -ra flags < <(pkg-config --cflags --libs wiresign libcjson)
gcc -std=c11 -Wall -Wextra -Werror -pedantic -O2 "$here/driver.c" -o "$root/build/c/conformance_driver" \
    "${flags[@]}" -Wl,-rpath,"$folder/lib"
echo "built build/c/conformance_driver"
