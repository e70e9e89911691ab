#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs tests and counts them: `tests/run.sh all | fast | e2e | fuzz [SECONDS]`.
# Every program is its own process under a time limit (a guard against
# hanging, never a measure of speed); a failure prints its output and what
# reruns it. Ends with a line `N passed, N failed`.
set -uo pipefail
cd "$(dirname "$0")/.."

mode=${1:-all}
passed=0
failed=0
logs=build/logs
mkdir -p "$logs"
jobs=$(nproc)

say() { printf '== %s\n' "$*"; }

# report LABEL PASSED FAILED LOG RERUN
report() {
    passed=$((passed + $2))
    failed=$((failed + $3))
    if [ "$3" -gt 0 ]; then
        printf 'FAILED %s\n' "$1"
        sed 's/^/    /' "$4" | tail -n 120
        printf '    rerun: %s\n' "$5"
    else
        printf 'ok     %s (%d)\n' "$1" "$2"
    fi
}

build() { # build VARIANT TARGET...
    local variant=$1 san
    shift
    san=$variant
    [ "$variant" = release ] && san=
    if ! make --no-print-directory -j"$jobs" SAN="$san" "$@" >"$logs/build-$variant.log" 2>&1; then
        report "build $variant" 0 1 "$logs/build-$variant.log" "make SAN=$san $*"
        return 1
    fi
}

# A cmocka program: counts its own tests; a crash or hang is one failure more.
run_unit() { # run_unit VARIANT PROGRAM
    local name=${2#build/} log ok bad code
    log=$logs/$(echo "$name" | tr / -).log
    timeout 600 "$2" >"$log" 2>&1 </dev/null
    code=$?
    ok=$(sed -n 's/^\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log" | awk '{s+=$1} END {print s+0}')
    bad=$(grep -c '^\[  FAILED  \] [a-zA-Z_]' "$log")
    if [ "$code" -ne 0 ] && [ "$bad" -eq 0 ]; then bad=1; fi
    if [ "$code" -eq 0 ] && [ "$ok" -eq 0 ]; then bad=1; echo "no test was run" >>"$log"; fi
    report "$name" "$ok" "$bad" "$log" "$2"
}

# A program that is one test: passes if it exits 0.
run_one() { # run_one LABEL COMMAND...
    local label=$1 log
    shift
    log=$logs/$(echo "$label" | tr ' /' '--').log
    if timeout 900 "$@" >"$log" 2>&1 </dev/null; then
        report "$label" 1 0 "$log" "$*"
    else
        report "$label" 0 1 "$log" "$*"
    fi
}

unit_programs() { # unit_programs VARIANT
    find "build/$1/tests" -name '*_test' -type f | sort
}

run_units() { # run_units VARIANT
    say "unit tests ($1)"
    build "$1" units || return
    local sources program
    for program in $(unit_programs "$1"); do
        # A program whose source is gone is a leftover of an older tree.
        sources=${program#build/"$1"/}.c
        [ -f "$sources" ] && run_unit "$1" "$program"
    done
}

# What has threads in it, under the thread sanitizer; the whole server too
# (run_e2e thread).
run_threads() {
    say "queue, sequencer, views, transport, logger and benchmarks (thread)"
    local programs="engine/tally_test net/metrics_test engine/queue_test engine/sequencer_test engine/sequencer_session_test
        engine/views_test engine/views_catalogue_test engine/views_since_test engine/views_search_test engine/search_test storage/wait_test storage/profile_settled_test
        net/seat_changes_test net/conn_test net/loop_slot_test net/hop_test net/stream_test net/rate_test net/transport_limits_test net/transport_drain_test net/logger_test
        bench/bench_test bench/floor_test bench/floor_log_test"
    local targets=() p
    for p in $programs; do targets+=("build/thread/tests/$p"); done
    build thread "${targets[@]}" || return
    for p in "${targets[@]}"; do run_unit thread "$p"; done
}

run_sim() {
    say "simulator"
    build release build/release/tests/sim/sim && run_one "sim 300 seeds" build/release/tests/sim/sim
    build faults build/faults/tests/sim/sim build/faults/stagepick &&
        run_one "sim planted faults" tests/sim/planted.sh build/faults/tests/sim/sim
    build address build/address/tests/sim/sim &&
        run_one "sim 20 seeds (address)" build/address/tests/sim/sim --seeds 20
}

run_fuzz() { # run_fuzz SECONDS
    say "fuzzers, $1 s each"
    build fuzz fuzzers || return
    local f name corpus
    for f in build/fuzz/tests/fuzz/*_fuzz; do
        name=$(basename "$f" _fuzz)
        corpus=build/fuzz/corpus/$name
        mkdir -p "$corpus"
        run_one "fuzz $name" "$f" -max_total_time="$1" -timeout=20 -rss_limit_mb=4096 \
            -print_final_stats=1 -artifact_prefix="build/fuzz/$name-" \
            "$corpus" "tests/fuzz/corpus/$name"
    done
}

run_e2e() { # run_e2e VARIANT [FILE...]
    local variant=$1 log ok bad code skipped
    shift
    say "end to end ($variant)"
    build "$variant" all || return
    [ "$variant" = release ] && { build faults build/faults/stagepick || return; }
    log=$logs/e2e-$variant.log
    [ $# -gt 0 ] || set -- tests/e2e/*.test.mjs
    SP_PROGRAM=$PWD/build/$variant/stagepick SP_SHIM=$PWD/build/release/tests/support/flush_shim.so \
        timeout 1800 node --test "$@" >"$log" 2>&1 </dev/null
    code=$?
    ok=$(sed -n 's/^\(#\|ℹ\) pass \([0-9]*\)$/\2/p' "$log" | tail -n 1)
    bad=$(sed -n 's/^\(#\|ℹ\) \(fail\|cancelled\) \([0-9]*\)$/\3/p' "$log" | awk '{s+=$1} END {print s+0}')
    if [ "$code" -ne 0 ] && [ "${bad:-0}" -eq 0 ]; then bad=1; fi
    if [ "${ok:-0}" -eq 0 ] && [ "${bad:-0}" -eq 0 ]; then bad=1; fi
    # A test that was skipped has proved nothing.
    skipped=$(sed -n 's/^\(#\|ℹ\) skipped \([0-9]*\)$/\2/p' "$log" | tail -n 1)
    bad=$((${bad:-0} + ${skipped:-0}))
    report "e2e $variant" "${ok:-0}" "${bad:-0}" "$log" \
        "SP_PROGRAM=build/$variant/stagepick node --test $*"
}

# Before anything is built: what tests need of npm has what the program needs in it.
case $mode in
all | e2e) tools/install-modules.sh test || exit 1 ;;
esac

case $mode in
all)
    run_units release
    run_sim
    run_units address
    run_threads
    run_fuzz "${SP_FUZZ_SECONDS:-10}"
    run_e2e release
    run_e2e address tests/e2e/{api,auth,cors,headers,limits,http,concurrency,lifecycle,logging,metrics,seat_stream,tools}*.test.mjs
    SP_IO_THREADS=2 run_e2e thread tests/e2e/{concurrency,http_connections,lifecycle,logging,metrics,api_orders,api_holds,api_queue,api_search,auth_keys,seat_stream}*.test.mjs
    ;;
fast) run_units "${SAN:-release}" ;;
e2e) if [ -n "${ONLY:-}" ]; then run_e2e "${SAN:-release}" tests/e2e/"$ONLY"*.test.mjs; else run_e2e "${SAN:-release}"; fi ;;
fuzz) run_fuzz "${2:-60}" ;;
*)
    echo "usage: tests/run.sh all | fast | e2e | fuzz [SECONDS]" >&2
    exit 2
    ;;
esac

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
