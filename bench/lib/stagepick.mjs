/* SPDX-License-Identifier: MIT
 *
 * Our own program: as server, as load generator, as floor, and its log tools.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { once } from 'node:events';
import { Server, pinned, run, runJson } from './process.mjs';

/* So high that it never strikes: what it costs to count is in the figures. */
export const RATE_LIMIT = '1000000';

/** A server of the program that says on which port it is: `serve` with its
 * defaults but for the rate limit, or a floor. */
export class Listener {
  static async serve(program, dir, { cpus } = {}) {
    const args = ['serve', '--data', dir, '--listen', '127.0.0.1:0', '--rate-limit', RATE_LIMIT];
    return Listener.start(...(cpus ? pinned(cpus, program, args) : [program, args]));
  }

  static async floor(program, kind, args) {
    return Listener.start(program, ['bench', 'floor', kind, '--listen', '127.0.0.1:0', ...args]);
  }

  static async start(program, args) {
    const listener = new Listener();
    listener.server = await Server.start(program, args, {
      ready: async (server) => {
        listener.port = Number((await server.line(/^listening on http:\/\/[^\s,]*:(\d+)/m))[1]);
      },
    });
    return listener;
  }

  get pid() { return this.server.pid; }

  stop() { return this.server.stop(); }
}

/** One run of the load generator. load: its options by name, as in its usage
 * (seconds, connections, …; true: a flag). Every refusal of a workload that
 * has none, and every error, is one of ours. cpus: where it may run. */
export async function load(program, options, { cpus } = {}) {
  const args = Object.entries(options).filter(([, value]) => value !== undefined && value !== false)
    .flatMap(([name, value]) => (value === true ? [`--${name}`] : [`--${name}`, String(value)]));
  const all = ['bench', 'load', '--json', ...args];
  return runJson(...(cpus ? pinned(cpus, program, all) : [program, all]));
}

/** {events, batches, bytes in use} of a log. */
export async function logStat(program, dir) {
  const { stdout } = await run(program, ['log', 'stat', '--data', dir]);
  const number = (label) => {
    const match = new RegExp(`^${label}:\\s+(\\d+)`, 'm').exec(stdout);
    if (!match)
      throw new Error(`log stat says nothing of ${label}:\n${stdout}`);
    return Number(match[1]);
  };
  return { events: number('events'), batches: number('batches'), bytes: number('bytes in use') };
}

/** Reads and checks everything; throws if anything is wrong. */
export async function logVerify(program, dir) {
  const { stdout } = await run(program, ['log', 'verify', '--data', dir]);
  if (!stdout.startsWith('ok: '))
    throw new Error(`log verify: ${stdout}`);
}

/** Bytes of a process's memory of its own (pages of files not counted). */
export function anonymousBytes(pid) {
  return 1024 * Number(/^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

export function residentBytes(pid) {
  return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
}

/** Clock ticks that it has run so far: {user, kernel}. */
export function ticksOf(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
  return { user: Number(fields[11]), kernel: Number(fields[12]) };
}

/** How often its threads have been given a processor: each is a wake-up. */
export function switchesCount(pid) {
  return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]) +
      Number(/^nonvoluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]);
  }, 0);
}

/** How many bytes a server answers to one request, head and body. */
export async function answerBytes(port, request) {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(request);
  let bytes = Buffer.alloc(0);
  for await (const part of socket) {
    bytes = Buffer.concat([bytes, part]);
    const headEnd = bytes.indexOf('\r\n\r\n');
    if (headEnd < 0)
      continue;
    const head = bytes.subarray(0, headEnd).toString('latin1');
    const length = /^HTTP\/1\.1 304/.test(head) ? 0 : Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0);
    if (bytes.length >= headEnd + 4 + length) {
      socket.destroy();
      return { bytes: headEnd + 4 + length, head };
    }
  }
  throw new Error('the server closed the connection before its answer was whole');
}
