# SPDX-License-Identifier: MIT
# events a batch, p50, p99 (ms) of the commit.
set title 'Time of a commit by the size of its batch'
set xlabel 'events in the batch'
set ylabel 'milliseconds'
set logscale xy
set format y '%g'
set xtics (1, 16, 64, 256, '1,024' 1024, '10,000' 10000)
set xrange [0.8:13000]
plot data using 1:2 with linespoints linestyle 2 title 'p50', \
     data using 1:3 with linespoints linestyle 1 title 'p99'
