#!/bin/sh
# SPDX-License-Identifier: MIT
# `tools/install-modules.sh run|test`: brings what package-lock.json names into
# node_modules/: what is built into the program (run), or also what tests need
# (test). Does nothing, and needs no network, when that is there already.
set -eu
cd "$(dirname "$0")/.."

lock=package-lock.json
case ${1:-} in
run) omit=dev ;;
test) omit='' ;;
*)
    echo "usage: tools/install-modules.sh run|test" >&2
    exit 2
    ;;
esac

# A stamp is the lock file that was installed. What tests need has the rest in it.
for set in "$1" test; do
    if cmp -s "$lock" "node_modules/.installed-$set"; then
        touch "node_modules/.installed-$1"
        exit 0
    fi
done

command -v npm >/dev/null 2>&1 || {
    echo "npm is missing: \`make deps\` installs it" >&2
    exit 1
}
echo "installing what $lock names (npm)"
rm -f node_modules/.installed-*
npm ci --no-audit --no-fund --ignore-scripts ${omit:+--omit=$omit} >/dev/null
cp "$lock" node_modules/.installed-run
[ -n "$omit" ] || cp "$lock" node_modules/.installed-test
