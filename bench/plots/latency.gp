# SPDX-License-Identifier: MIT
# asked (thousand/s), p50, p99, p99.9 (ms).
set title 'Latency by load: open loop, from the intended time'
set xlabel 'thousand orders/s asked for'
set ylabel 'milliseconds'
set logscale y
set xrange [0:*]
set offsets 0, 2, 0, 0
set format y '%g'
plot data using 1:2 with linespoints linestyle 2 title 'p50', \
     data using 1:3 with linespoints linestyle 1 title 'p99', \
     data using 1:4 with linespoints linestyle 5 title 'p99.9'
