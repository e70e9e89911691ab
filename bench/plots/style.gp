# SPDX-License-Identifier: MIT
# What all plots share. Given by the caller: data (a file), target (the SVG).
set terminal svg size 760,430 font 'Helvetica,Arial,sans-serif,13' background rgb 'white' linewidth 1.2
set output target
set encoding utf8
set datafile separator tab
set datafile missing '-'
set border 3 linecolor rgb '#666666'
set tics nomirror out textcolor rgb '#333333'
set grid ytics linecolor rgb '#dddddd' linewidth 0.7 dashtype 1
set key outside right center Left reverse spacing 1.5 samplen 2 noautotitle
set rmargin 26
set title font ',15' offset 0,-0.3
set errorbars 0.6
# A colour a system, told apart in grey too by their order and marks.
set style line 1 linecolor rgb '#b3261e' linewidth 2.6 pointtype 7 pointsize 0.75
set style line 2 linecolor rgb '#1f5fa8' linewidth 1.6 pointtype 5 pointsize 0.6
set style line 3 linecolor rgb '#5fa0dd' linewidth 1.6 pointtype 9 pointsize 0.7
set style line 4 linecolor rgb '#888888' linewidth 1.6 pointtype 11 pointsize 0.7 dashtype 2
set style line 5 linecolor rgb '#c77700' linewidth 1.6 pointtype 13 pointsize 0.8
set style line 6 linecolor rgb '#2e7d4f' linewidth 1.6 pointtype 15 pointsize 0.7
