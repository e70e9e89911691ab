# SPDX-License-Identifier: MIT
# Blocks of data, one a system: connections, median, least, most (thousand/s).
set title 'Durable orders a second, one in flight a connection'
set xlabel 'connections'
set ylabel 'thousand orders/s'
set logscale x 2
set xtics (16, 64, 256, 1024)
set xrange [13:1260]
set yrange [0:*]
stats data using 1 nooutput
plot for [i = 0:STATS_blocks - 1] data index i using 1:2:3:4 with yerrorlines linestyle i + 1 title columnheader(1)
