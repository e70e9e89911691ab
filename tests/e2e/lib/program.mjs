/* SPDX-License-Identifier: MIT
 *
 * Where the program under test is, temporary directories, and one-shot runs
 * of its tools. Whatever is made here goes away with the process, also when a
 * test fails or is interrupted.
 */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
export const PROGRAM = path.resolve(ROOT, process.env.SP_PROGRAM || 'build/release/stagepick');
export const FAULTS_PROGRAM = path.resolve(ROOT, process.env.SP_FAULTS_PROGRAM || 'build/faults/stagepick');
/* The preload shims lie in one build directory; they do not go under a
 * sanitizer, whose run-time must be loaded first. */
export const SHIM = path.resolve(ROOT, process.env.SP_SHIM ||
  path.join(path.dirname(PROGRAM), 'tests/support/flush_shim.so'));
export const DISK_SHIM = path.join(path.dirname(SHIM), 'disk_shim.so');
export const CLOCK_SHIM = path.join(path.dirname(SHIM), 'clock_shim.so');

export const ADMIN = { email: 'admin@example.org', password: 'correct horse battery' };

const children = new Set();
const directories = new Set();

process.on('exit', () => {
  for (const child of children)
    child.kill('SIGKILL');
  for (const directory of directories)
    fs.rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => process.exit(1));

/** A fresh directory that is removed at the end of the process. */
export function makeDirectory(name = 'data') {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), `stagepick-e2e-${name}-`));
  directories.add(directory);
  return directory;
}

export function dropDirectory(directory) {
  fs.rmSync(directory, { recursive: true, force: true });
  directories.delete(directory);
}

/** The environment without the caller's own settings of the program. */
export function environment(extra = {}) {
  const env = {};
  for (const [name, value] of Object.entries(process.env))
    if (!name.startsWith('STAGEPICK_') && name !== 'NODE_OPTIONS')
      env[name] = value;
  return { ...env, ...extra };
}

/** Starts the program and keeps its output: {child, stdout(), stderr(), ended}.
 * `ended` resolves to {code, signal}; nothing here throws on a bad exit. */
export function launch(args, { env = {}, program = PROGRAM, input } = {}) {
  const child = spawn(program, args, {
    env: environment(env),
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  children.add(child);
  /* A test that fails may leave a program running: it must not keep this
   * process from ending, which ends the program. Whoever waits for it holds a
   * timer. */
  child.unref();
  child.stdout.unref();
  child.stderr.unref();
  const out = [];
  const err = [];
  child.stdout.on('data', (bytes) => out.push(bytes));
  child.stderr.on('data', (bytes) => err.push(bytes));
  if (input !== undefined) {
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  }
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    });
  });
  ended.catch(() => children.delete(child));
  return {
    child,
    ended,
    stdout: () => Buffer.concat(out).toString('utf8'),
    stderr: () => Buffer.concat(err).toString('utf8'),
  };
}

/** Runs a subcommand to its end: {code, signal, stdout, stderr}. */
export async function run(args, options = {}) {
  const process_ = launch(args, options);
  /* An interval: it must hold this process until the child has ended. */
  const timer = setInterval(() => process_.child.kill('SIGKILL'), options.timeoutMs ?? 60000);
  try {
    const { code, signal } = await process_.ended;
    return { code, signal, stdout: process_.stdout(), stderr: process_.stderr() };
  } finally {
    clearInterval(timer);
  }
}

/** `log dump` as a list of events; throws unless it exits 0. */
export async function dumpLog(data, options = {}) {
  const result = await run(['log', 'dump', '--data', data], options);
  if (result.code !== 0)
    throw new Error(`log dump exited ${result.code ?? result.signal}: ${result.stderr}`);
  return parseDump(result.stdout);
}

export function parseDump(text) {
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
