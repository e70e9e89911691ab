#!/bin/sh
# SPDX-License-Identifier: MIT
# `tools/install-deps.sh run|test|bench...`: installs the Debian packages that
# building and serving (run), also testing (test), and also measuring against
# the peers (bench) needs; says which, and does nothing when all are there.
set -eu

missing=""
# A command may be there by another way than Debian's package.
need_command() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need_package() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] || missing="$missing $1"
}

# What npm brings is in tools/install-modules.sh: once it is there, npm is not asked.
root=$(dirname "$0")/..
need_modules() {
    cmp -s "$root/package-lock.json" "$root/node_modules/.installed-$1" || need_command npm npm
}

need_command gcc gcc
need_command curl curl
for p in libc6-dev libuv1-dev liblmdb-dev libmsgpack-dev node-llhttp libsodium-dev nettle-dev libutf8proc-dev libyajl-dev; do
    need_package "$p"
done
with_services=""
with_promtool=""
for set in "$@"; do
    case $set in
    run) need_modules run ;;
    test)
        need_modules test
        need_command node nodejs
        need_command clang clang
        for p in libcmocka-dev libclang-rt-14-dev fonts-dejavu-core; do need_package "$p"; done
        # A browser, with something to write with, opens /docs.
        need_command chromium chromium
        # Operation: the proxy's example, the unit and the man page are tried.
        need_command openssl openssl
        need_command mandoc mandoc
        need_command systemd-analyze systemd
        [ -x /usr/sbin/nginx ] || need_command nginx nginx-light
        case $missing in *nginx-light*) with_services=yes ;; esac
        # It checks /metrics. Its package comes with a server and 310 MB of
        # what that needs: only the one program is taken out of it, below.
        command -v promtool >/dev/null 2>&1 || with_promtool=yes
        ;;
    bench)
        with_services=yes
        need_modules run
        need_command node nodejs
        need_command gnuplot gnuplot-nox
        need_command redis-server redis-server
        need_command wrk wrk
        # Debian keeps the server and pgbench in the folder of their version.
        ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1 || missing="$missing postgresql"
        ;;
    *)
        echo "usage: tools/install-deps.sh run|test|bench..." >&2
        exit 2
        ;;
    esac
done

[ -n "$missing$with_promtool" ] || exit 0
echo "installing:$missing${with_promtool:+ promtool}"
as_root=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "these Debian packages are missing, and there is neither root nor sudo to install them:$missing${with_promtool:+ promtool (of prometheus)}" >&2
        exit 1
    }
    as_root="sudo"
fi
# The peers and nginx are started by the benchmark and the tests, on ports and
# directories of their own: the services that their packages would start have no
# business here, and would be in the figures. Debian asks this file; one that is
# there already stands.
policy=/usr/sbin/policy-rc.d
if [ -n "$with_services" ] && [ ! -e "$policy" ]; then
    # dash runs no EXIT trap when a signal ends it, but does when it exits.
    trap '$as_root rm -f "$policy"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    printf '#!/bin/sh\nexit 101\n' | $as_root tee "$policy" >/dev/null
    $as_root chmod 755 "$policy"
fi
$as_root apt-get update -qq
if [ -n "$missing" ]; then
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
    # Nor at the next boot: nobody asked for a web server on port 80.
    case $missing in *nginx-light*) $as_root systemctl disable --quiet nginx 2>/dev/null || true ;; esac
fi
if [ -n "$with_promtool" ]; then
    unpacked=$(mktemp -d)
    (
        cd "$unpacked"
        apt-get download -qq -o APT::Sandbox::User=root prometheus
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool
    )
    $as_root install -m 755 "$unpacked/usr/bin/promtool" /usr/local/bin/promtool
    rm -rf "$unpacked"
fi
