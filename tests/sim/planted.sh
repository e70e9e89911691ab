#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Do the checks bite? Plants each fault in turn and wants the simulator to
# catch it within so many seeds, by a check (exit 1 and a complaint), not by
# an accident; and wants the same program to find nothing where nothing is.
#
# usage: planted.sh PATH_OF_SIM (built with SAN=faults)
set -u
sim=${1:?usage: planted.sh PATH_OF_SIM}
seeds=40
failed=0

for fault in skipped_bit answer_before_commit answer_before_flush lost_refund nosync sides_unflushed \
    hold_outlives caps_keep_expired held_published_early freed_seats_untold \
    cancel_skips_order pause_late edit_shown_early stale_layout \
    tail_replayed marked_early start_unsettled; do
    out=$("$sim" --fault "$fault" --seeds "$seeds" 2>&1)
    code=$?
    complaint=$(printf '%s\n' "$out" | grep '^sim: seed ')
    if [ "$code" -eq 1 ] && [ -n "$complaint" ]; then
        echo "caught $fault: $complaint"
    else
        echo "MISSED $fault in $seeds seeds (exit $code): $out"
        failed=1
    fi
done

if out=$("$sim" --seeds "$seeds" 2>&1); then
    echo "clean: $out"
else
    echo "FAILED without a fault: $out"
    failed=1
fi
exit "$failed"
