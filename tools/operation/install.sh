#!/bin/sh
# SPDX-License-Identifier: MIT
# `tools/operation/install.sh install PROGRAM` and `... uninstall`: what `make
# install` and `make uninstall` do, under $DESTDIR$PREFIX. Neither builds, starts
# or stops anything, nor touches data or settings: the first is often run as root.
set -eu

here=$(dirname "$0")
prefix=${PREFIX:-/usr/local}
root=${DESTDIR:-}

usage() {
    echo "usage: tools/operation/install.sh install PROGRAM | uninstall" >&2
    exit 2
}

# A prefix stands in the unit's ExecStart, which takes whole paths alone.
case $prefix in
/*) ;;
*)
    echo "PREFIX must begin with a slash, not: $prefix" >&2
    exit 2
    ;;
esac
case $prefix in
*[!A-Za-z0-9/._+-]*)
    echo "PREFIX may have letters, digits and / . _ + - alone: $prefix" >&2
    exit 2
    ;;
esac

bin=$prefix/bin/stagepick
man=$prefix/share/man/man1/stagepick.1
unit=$prefix/lib/systemd/system/stagepick.service
sysusers=$prefix/lib/sysusers.d/stagepick.conf
doc=$prefix/share/doc/stagepick

# put MODE FROM TO
put() {
    install -D -m "$1" "$2" "$root$3"
    echo "  $root$3"
}

install_all() {
    if [ ! -x "$1" ]; then
        echo "$1 is not built yet: run make first, as the user who builds" >&2
        exit 1
    fi
    put 755 "$1" "$bin"
    put 644 "$here/stagepick.1" "$man"
    put 644 "$here/stagepick.sysusers" "$sysusers"
    put 644 "$here/nginx.conf" "$doc/nginx.conf"
    put 644 "$here/RUNBOOK.md" "$doc/RUNBOOK.md"
    # Written beside and moved: systemd never reads half of it.
    install -d -m 755 "$root${unit%/*}"
    sed "s|/usr/local/bin/stagepick|$bin|" "$here/stagepick.service" >"$root$unit.new"
    chmod 644 "$root$unit.new"
    mv "$root$unit.new" "$root$unit"
    echo "  $root$unit"
}

# The folders of others stay; data, settings and the user too.
uninstall_all() {
    rm -f "$root$bin" "$root$man" "$root$unit" "$root$sysusers" "$root$doc/nginx.conf" "$root$doc/RUNBOOK.md"
    rmdir "$root$doc" 2>/dev/null || true
}

case ${1:-} in
install)
    [ $# -eq 2 ] || usage
    install_all "$2"
    ;;
uninstall)
    [ $# -eq 1 ] || usage
    uninstall_all
    ;;
*) usage ;;
esac
