/* SPDX-License-Identifier: MIT
 *
 * Child processes: commands that end, and servers that run until they are told
 * to. Every server is ended by its own process id, and none outlives us.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const running = new Set();

/* Whatever way this program ends, nothing of its own goes on. */
process.on('exit', () => {
  for (const server of running)
    server.child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => process.exit(1));

/** The command and its arguments on some processors only. */
export function pinned(cpus, command, args) {
  return ['taskset', ['--cpu-list', cpus, command, ...args]];
}

/** Runs a command to its end: {code, stdout, stderr}. allow: exit codes that
 * are no error besides 0. */
export async function run(command, args, { cwd, env, allow = [], timeoutMs = 600000 } = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  const entry = { child };
  running.add(entry);
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const output = { stdout: [], stderr: [] };
  for (const stream of ['stdout', 'stderr'])
    child[stream].on('data', (part) => output[stream].push(part));
  try {
    const [code, signal] = await once(child, 'close');
    const result = {
      code: code ?? 128,
      stdout: Buffer.concat(output.stdout).toString(),
      stderr: Buffer.concat(output.stderr).toString(),
    };
    if (result.code !== 0 && !allow.includes(result.code))
      throw new Error(`${named(command, args)} ended with ${signal ?? code}:\n${result.stderr || result.stdout}`);
    return result;
  } finally {
    clearTimeout(timer);
    running.delete(entry);
  }
}

/** The same for a command that prints one JSON object. */
export async function runJson(command, args, options) {
  const result = await run(command, args, options);
  try {
    return JSON.parse(result.stdout);
  } catch {
    throw new Error(`${named(command, args)} did not print JSON: ${result.stdout.slice(0, 500)}`);
  }
}

export class Server {
  /** ready: given this server, resolves when it may be used; it gives up by
   * itself when the server has ended. */
  static async start(command, args, { cwd, env, ready, timeoutMs = 120000 }) {
    const server = new Server(command, args, { cwd, env });
    const giveUp = new AbortController();
    try {
      await Promise.race([
        ready(server),
        server.ended.then(() => { throw new Error(`${server.name} ended at once:\n${server.stderr || server.stdout}`); }),
        sleep(timeoutMs, null, { signal: giveUp.signal }).then(() => { throw new Error(`${server.name} did not start`); }),
      ]);
    } catch (error) {
      await server.kill();
      throw error;
    } finally {
      giveUp.abort();
    }
    return server;
  }

  constructor(command, args, { cwd, env }) {
    this.name = named(command, args);
    this.stdout = '';
    this.stderr = '';
    this.child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.on('error', (error) => { this.stderr += `${error.message}\n`; });
    this.child.stdout.on('data', (part) => { this.stdout += part; });
    this.child.stderr.on('data', (part) => { this.stderr += part; });
    this.ended = new Promise((resolve) => this.child.on('close', (code, signal) => resolve({ code, signal })));
    this.hasEnded = false;
    this.ended.then(() => {
      this.hasEnded = true;
      running.delete(this);
    });
    running.add(this);
  }

  get pid() { return this.child.pid; }

  /** The first match of a pattern on its standard output. */
  async line(pattern) {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match)
        return match;
      await once(this.child.stdout, 'data');
    }
  }

  /** Asks it to end and waits; how it ended is checked, since a server that
   * fails while it stops has not kept what it was measured for. */
  async stop(signal = 'SIGTERM') {
    this.child.kill(signal);
    const late = setTimeout(() => this.child.kill('SIGKILL'), 60000);
    const end = await this.ended;
    clearTimeout(late);
    if (end.code !== 0)
      throw new Error(`${this.name} ended with ${end.signal ?? end.code}:\n${this.stderr}`);
  }

  async kill() {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** A port that was free a moment ago. */
export async function freePort() {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address();
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Waits until a server listens on a port, or has ended. */
export async function listening(server, port) {
  while (!server.hasEnded) {
    const socket = connect(port, '127.0.0.1');
    const heard = await new Promise((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (heard)
      return;
    await sleep(20);
  }
}

function named(command, args) {
  return [command.split('/').pop(), ...args.slice(0, 3)].join(' ');
}
