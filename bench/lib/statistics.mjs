/* SPDX-License-Identifier: MIT
 *
 * Medians and spreads of few values, and ratios of runs that stood side by side.
 */

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0)
    return null;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** {median, min, max, count}, or null of nothing. */
export function spread(values) {
  const known = values.filter((value) => Number.isFinite(value));
  if (known.length === 0)
    return null;
  return { median: median(known), min: Math.min(...known), max: Math.max(...known), count: known.length };
}

/** The smallest value that a share of them does not exceed; sorted already. */
export function percentile(sorted, share) {
  if (sorted.length === 0)
    return 0;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))];
}

/** The spread of a round's value over the same round's value of another: what
 * the machine did to both in that round cancels out. a, b: Maps round → value. */
export function ratio(a, b) {
  const values = [];
  for (const [round, value] of a)
    if (b.get(round) > 0)
      values.push(value / b.get(round));
  return spread(values);
}
