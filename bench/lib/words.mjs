/* SPDX-License-Identifier: MIT
 *
 * Figures as a report prints them: no more digits than are worth reading.
 */

/** 1234567 → `1,234,567`. */
export function count(value) {
  return String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Three digits that count: 43,217 → `43,200`. */
export function large(value) {
  if (value < 100)
    return value.toFixed(value < 10 ? 1 : 0);
  const step = 10 ** (Math.floor(Math.log10(value)) - 2);
  return count(Math.round(value / step) * step);
}

/* Median (least–most), and how many of the rounds it is of when some are missing. */
function range(spread, text) {
  const notes = [
    ...(spread.count > 1 ? [`${text(spread.min)}–${text(spread.max)}`] : []),
    ...(spread.count < spread.rounds ? [`${spread.count} of ${spread.rounds} rounds`] : []),
  ];
  return notes.length > 0 ? `${text(spread.median)} (${notes.join('; ')})` : text(spread.median);
}

/** A spread of rates: `43,200/s (41,000–44,100)`. */
export function perSecond(spread) {
  const text = range(spread, large);
  return text.includes(' ') ? text.replace(' ', '/s ') : `${text}/s`;
}

/** A spread of microseconds, in milliseconds: `2.13 ms (1.98–2.40)`. */
export function milli(spread) {
  const text = range(spread, inMs);
  return text.includes(' ') ? text.replace(' ', ' ms ') : `${text} ms`;
}

export function inMs(microseconds) {
  const ms = microseconds / 1000;
  return ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : count(Math.round(ms));
}

/** A spread of ratios: `0.91 (0.88–0.95)`. */
export function rounded(spread) {
  return range(spread, (value) => value.toFixed(value < 10 ? 2 : 1));
}

/** A Markdown table; cells of the first column are left, others right. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), `|---|${head.slice(1).map(() => '---:|').join('')}`, ...rows.map(line)].join('\n');
}
