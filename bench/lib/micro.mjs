/* SPDX-License-Identifier: MIT
 *
 * The program's micro-benchmarks, and bare commits as the open loop's measure.
 * Each prints a JSON object a line: rows of figures, a hash, conditions.
 */
import { run } from './process.mjs';
import { median } from './statistics.mjs';

export const BENCHES = ['engine', 'queue', 'log', 'codec', 'http', 'json', 'finder', 'holds'];

/** {benches: {engine: {rows, hash}, …}}: each as often as there are rounds, each
 * figure the median of its runs. A quick run takes the tiny ones: they show that
 * it works and are no figures. */
export async function measureMicro(step, { options, directories }) {
  const runs = [];
  for (let round = 0; round < options.rounds; round++) {
    const benches = {};
    for (const bench of BENCHES)
      benches[bench] = await measureOne(bench, options, directories);
    runs.push(benches);
  }
  return { benches: Object.fromEntries(BENCHES.map((bench) => [bench, medianOf(runs.map((benches) => benches[bench]))])), tiny: options.quick };
}

async function measureOne(bench, options, directories) {
  const dir = bench === 'log' ? directories.empty() : null;
  const { stdout } = await run(options.program, ['bench', bench, '--json', ...(options.quick ? ['--tiny'] : []),
    ...(dir ? ['--dir', dir] : [])]);
  if (dir)
    directories.remove(dir);
  return parseBench(stdout);
}

/** One benchmark of several runs of it. What it computed has to be the same. */
export function medianOf(runs) {
  const [{ rows, hash }] = runs;
  for (const other of runs)
    if (other.hash !== hash)
      throw new Error(`two runs of a benchmark computed ${hash} and ${other.hash}`);
  const figure = (at, name) => median(runs.map((one) => one.rows[at][name]));
  return { hash, rows: rows.map((row, at) => Object.fromEntries(Object.entries(row)
    .map(([name, value]) => [name, typeof value === 'number' ? figure(at, name) : value]))) };
}

export function parseBench(text) {
  const lines = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line));
  const rows = lines.filter((line) => line.row !== undefined).map(({ bench: _, ...row }) => row);
  if (rows.length === 0)
    throw new Error(`a benchmark printed no row: ${text.slice(0, 200)}`);
  return { rows, hash: lines.find((line) => line.hash !== undefined)?.hash ?? null };
}

/** Commits of as many events as the server's batches just before had on average,
 * at the same events a second: the least time until an order is durable. */
export async function measureBareCommits(step, { options, directories, batchSizes }) {
  const batch = batchSizes.get(step.round);
  if (batch === undefined)
    throw new Error('the load before told no batch size');
  const dir = directories.empty();
  const { stdout } = await run(options.program, ['bench', 'log', '--json', '--dir', dir, '--batch', String(batch),
    '--seconds', String(options.seconds), '--rate', String(step.rate)]);
  directories.remove(dir);
  const row = parseBench(stdout).rows[0];
  return { perSecond: row.events_per_s, batchEvents: batch, latencyUs: times(row, 'durable'), commitUs: times(row, 'commit') };
}

function times(row, name) {
  return { p50: 1000 * row[`${name}_ms_p50`], p99: 1000 * row[`${name}_ms_p99`], max: 1000 * row[`${name}_ms_max`] };
}
