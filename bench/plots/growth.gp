# SPDX-License-Identifier: MIT
# name, then median, least, most (thousand/s) at 64 and at 256 connections.
set title 'Orders a second as the system grows'
set ylabel 'thousand orders/s'
set yrange [0:*]
set errorbars 0.6 linecolor rgb '#444444'
set xtics scale 0
set bmargin 5
set style data histograms
set style histogram errorbars gap 1.2 linewidth 1
set style fill solid 0.85 noborder
set boxwidth 0.9
plot data using 2:3:4:xtic(1) linecolor rgb '#5fa0dd' title '64 connections', \
     data using 5:6:7 linecolor rgb '#b3261e' title '256 connections'
