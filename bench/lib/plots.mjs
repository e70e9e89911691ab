/* SPDX-License-Identifier: MIT
 *
 * Plots of results as SVG, by gnuplot and the scripts in bench/plots/. What was
 * not measured is not drawn.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Figures } from './figures.mjs';
import { run } from './process.mjs';
import { SYSTEM_NAMES } from './report.mjs';
import { count } from './words.mjs';

const SCRIPTS = new URL('../plots/', import.meta.url);
/* In the order of style.gp's lines. */
const THROUGHPUT_SYSTEMS = ['stagepick', 'floor-grouped', 'floor-durable', 'floor-plain', 'redis', 'postgresql'];

/** Every plot's data as text, by name; null for one that has none. */
export function plotData(results) {
  const figures = new Figures(results);
  return {
    throughput: throughput(figures), latency: latency(figures), commit: commit(figures), batch: batch(figures),
    growth: growth(figures),
  };
}

/** Draws into a folder; the names of the files. None without gnuplot. */
export async function drawPlots(results, out) {
  const work = mkdtempSync(join(tmpdir(), 'stagepick-plots-'));
  const drawn = [];
  try {
    for (const [name, text] of Object.entries(plotData(results))) {
      if (text === null)
        continue;
      const data = join(work, `${name}.tsv`);
      writeFileSync(data, text);
      await run('gnuplot', ['-e', `data = '${data}'; target = '${join(out, `${name}.svg`)}'`,
        new URL('style.gp', SCRIPTS).pathname, new URL(`${name}.gp`, SCRIPTS).pathname]);
      drawn.push(`${name}.svg`);
    }
  } catch (error) {
    process.stderr.write(`bench: no plots: ${error.message}\n`);
  } finally {
    rmSync(work, { recursive: true });
  }
  return drawn;
}

function lines(rows) {
  return rows.length > 0 ? `${rows.map((row) => row.join('\t')).join('\n')}\n` : null;
}

function inThousands(value) {
  return [value.median, value.min, value.max].map((one) => (one / 1000).toFixed(3));
}

function throughput(figures) {
  /* A system without figures keeps its place, so that colours stay. */
  const blocks = THROUGHPUT_SYSTEMS.map((system) => {
    const query = { group: 'orders', system, depth: 1 };
    const rows = figures.connectionsOf(query).map((connections) => [connections, ...inThousands(figures.value({ ...query, connections }))]);
    return { measured: rows.length > 0, text: `"${SYSTEM_NAMES[system]}"\n${lines(rows.length > 0 ? rows : [['-', '-', '-', '-']])}` };
  });
  return blocks.some((block) => block.measured) ? blocks.map((block) => block.text).join('\n\n') : null;
}

function latency(figures) {
  return lines(figures.matching({ group: 'latency' }).sort((a, b) => a.rate - b.rate)
    .map(({ rate, latencyUs }) => [rate / 1000, latencyUs.p50 / 1000, latencyUs.p99 / 1000, latencyUs.p999 / 1000]));
}

function commit(figures) {
  const [sample] = figures.matching({ group: 'micro', tiny: false });
  const rows = (sample?.benches.log?.rows ?? []).map((row) => ({ row, size: Number(/^batches of (\d+)$/.exec(row.row)?.[1]) }));
  return lines(rows.filter(({ size }) => size > 0).sort((a, b) => a.size - b.size).map(({ row, size }) => [size, row.commit_ms_p50, row.commit_ms_p99]));
}

function batch(figures) {
  const query = { group: 'orders', system: 'stagepick', depth: 1 };
  return lines(figures.connectionsOf(query).flatMap((connections) => {
    const value = figures.value({ ...query, connections }, 'batchEvents');
    return value ? [[connections, value.median.toFixed(2), value.min.toFixed(2), value.max.toFixed(2)]] : [];
  }));
}

function growth(figures) {
  const name = ({ variant, stock }) => ({
    base: '"1,000 concerts\\n1,000 users\\nempty log"', concerts: '"1 concert"', users: `"${count(stock.users + 1)}\\nusers"`,
    events: `"${count(2 * stock.churn)}\\nevents in the log"`,
  })[variant];
  const rows = ['base', 'concerts', 'users', 'events'].flatMap((variant) => {
    const [sample] = figures.matching({ group: 'growth', variant });
    if (!sample)
      return [];
    const values = [64, 256].map((connections) => figures.value({ group: 'growth', variant, connections }));
    return [[name(sample), ...values.flatMap((value) => (value ? inThousands(value) : ['-', '-', '-']))]];
  });
  return lines(rows);
}
