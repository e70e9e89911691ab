/* SPDX-License-Identifier: MIT
 *
 * Our load generator beside wrk, which many know: the same requests to the same
 * warm server. A generator that measured itself would show here.
 */
import { readFileSync } from 'node:fs';
import { filledWithTokens } from './answers.mjs';
import { loadOptions, sampleOf } from './loads.mjs';
import { pinned, run } from './process.mjs';
import { Listener, load, logVerify } from './stagepick.mjs';
import { STOCK, numbered } from './stock.mjs';

const ORDER_SCRIPT = new URL('../peers/wrk_order.lua', import.meta.url).pathname;
const COUNT_SCRIPT = new URL('../peers/wrk_count.lua', import.meta.url).pathname;

/* Here it is the generators that are compared: what one costs more than the
 * other must not come out of the server's share. Each has a processor that the
 * server does not use. */
const CPUS = cpusAllowed(readFileSync('/proc/self/status', 'utf8'));
const GENERATOR_CPUS = CPUS.at(-1);
const SERVER_CPUS = CPUS.length > 1 ? CPUS.slice(0, -1).join(',') : CPUS[0];

/** The processors that a process may use, one by one: `0-2,5` → 0 1 2 5. */
export function cpusAllowed(status) {
  const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(status);
  return list.split(',').flatMap((part) => {
    const [first, last = first] = part.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => String(first + i));
  });
}

/** Its version, or null where it is not installed. wrk prints it with its usage
 * and ends with 1. */
export async function wrkVersion() {
  try {
    const { stdout, stderr } = await run('wrk', ['--version'], { allow: [1] });
    return /^wrk \S+/m.exec(`${stdout}\n${stderr}`)?.[0] ?? 'wrk';
  } catch {
    return null;
  }
}

export async function measureWrk(step, context) {
  const { options, directories } = context;
  const { dir, file } = await filledWithTokens(directories);
  const server = await Listener.serve(options.program, dir, { cpus: SERVER_CPUS });
  let sample;
  try {
    sample = await measureBy(step, context, { server, dir, file });
  } finally {
    await server.stop();
  }
  await logVerify(options.program, dir);
  directories.remove(dir);
  return sample;
}

/* wrk has no warm-up: both get a load of ours before. */
async function measureBy(step, context, { server, dir, file }) {
  const { program, seconds, warmup } = context.options;
  const workload = step.load === 'orders' ? 'spread' : 'livez';
  const ours = (more) => load(program, loadOptions(step, STOCK, context, {
    to: `127.0.0.1:${server.port}`, data: dir, workload, warmup: 0, ...more,
  }), { cpus: GENERATOR_CPUS });
  const warm = await ours({ seconds: Math.max(1, warmup) });
  const from = step.load === 'orders' ? warm.next : 0;
  if (step.tool === 'load')
    return sampleOf(await ours({ from, seconds }), workload);
  return wrkSample(step, { server, seconds, from, file });
}

async function wrkSample({ load: what, connections }, { server, seconds, from, file }) {
  const { firstConcert, concerts } = numbered(STOCK);
  const path = what === 'orders' ? '/v1/orders' : '/livez';
  const { stdout } = await run(...pinned(GENERATOR_CPUS, 'wrk', ['--threads', '1', '--connections', String(connections), '--duration', `${seconds}s`,
    '--script', what === 'orders' ? ORDER_SCRIPT : COUNT_SCRIPT, `http://127.0.0.1:${server.port}${path}`,
    ...(what === 'orders' ? ['--', file, String(from), String(firstConcert), String(concerts)] : [])]));
  return parseWrk(stdout);
}

/** A sample of what our scripts print when wrk is done. */
export function parseWrk(text) {
  const line = text.split('\n').find((one) => one.startsWith('{'));
  if (line === undefined)
    throw new Error(`wrk printed no counts: ${text.slice(0, 300)}`);
  const { requests, durationUs, errors } = JSON.parse(line);
  const faults = Object.entries(errors).filter(([, times]) => times > 0).map(([name, times]) => `${times} ${name}`);
  return { perSecond: (1e6 * requests) / durationUs, requests, seconds: durationUs / 1e6, ...(faults.length > 0 ? { fault: faults.join(', ') } : {}) };
}
