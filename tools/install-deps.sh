#!/bin/sh
# SPDX-License-Identifier: MIT
# `tools/install-deps.sh run|test`: installs the Debian packages that building
# and serving (run), and also testing (test), needs; says which, and does
# nothing when all are there.
set -eu

missing=""
# A command may be there by another way than Debian's package.
need_command() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need_package() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing="$missing $1"
}

need_command gcc gcc
need_command curl curl
for p in libc6-dev libuv1-dev liblmdb-dev libmsgpack-dev node-llhttp libsodium-dev libyajl-dev; do
    need_package "$p"
done
if [ "${1:-run}" = test ]; then
    need_command node nodejs
    need_command clang clang
    for p in libcmocka-dev libclang-rt-14-dev; do need_package "$p"; done
fi

[ -n "$missing" ] || exit 0
echo "installing:$missing"
as_root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "these Debian packages are missing, and there is neither root nor sudo to install them:$missing" >&2
        exit 1
    }
    as_root="sudo"
fi
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
