/* SPDX-License-Identifier: MIT
 *
 * The program's micro-benchmarks, and bare commits as the open loop's measure.
 * Each prints a JSON object a line: rows of figures, a hash, conditions.
 */
import { run } from './process.mjs';

export const BENCHES = ['engine', 'queue', 'log', 'codec', 'http', 'json'];

/** {benches: {engine: {rows, hash}, …}}. A quick run takes the tiny ones of all
 * but the log: they show that it works and are no figures. */
export async function measureMicro(step, { options, directories }) {
  const benches = {};
  for (const bench of BENCHES) {
    const dir = bench === 'log' ? directories.empty() : null;
    const { stdout } = await run(options.program, ['bench', bench, '--json', ...(options.quick ? ['--tiny'] : []),
      ...(dir ? ['--dir', dir] : [])]);
    benches[bench] = parseBench(stdout);
    if (dir)
      directories.remove(dir);
  }
  return { benches, tiny: options.quick };
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
