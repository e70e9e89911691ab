# SPDX-License-Identifier: MIT
# connections, median, least, most orders a batch.
set title 'Orders that share a commit, one in flight a connection'
set xlabel 'connections'
set ylabel 'orders a batch'
set logscale xy 2
set xtics (16, 64, 256, 1024)
set xrange [13:1260]
set rmargin 4
set yrange [1:*]
set format y '%g'
plot data using 1:2:3:4 with yerrorlines linestyle 1
