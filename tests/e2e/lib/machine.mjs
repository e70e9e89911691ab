/* SPDX-License-Identifier: MIT
 *
 * A machine as the runbook has it, played in a directory: systemctl, journalctl and
 * the like are small programs that ask this process, which runs the real server; the
 * shell, stagepick and all that touches data are real.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';

import { Client } from './client.mjs';
import { PROGRAM, ROOT, dropDirectory, environment, freePort, makeDirectory } from './program.mjs';
import { startServer } from './server.mjs';

const RUNBOOK = path.join(ROOT, 'tools/operation/RUNBOOK.md');

/* What a block of the runbook says, and what it is here. */
const STUBS = {
  systemctl: 'exec curl -fsS "$CONTROL/systemctl" --data-binary "$*"',
  journalctl: 'exec curl -fsS "$CONTROL/journal"',
  'systemd-sysusers': 'exit 0',
  /* -u USER -- COMMAND... : everything here has one owner. */
  runuser: '[ "$1 $2 $3" = "-u stagepick --" ] || exit 1; shift 3; exec "$@"',
  /* -d -o USER -g GROUP -m MODE DIRECTORY... */
  install: '[ "$1 $2 $3 $4 $5" = "-d -o stagepick -g stagepick" ] || exit 1; shift 5; exec /usr/bin/install -d "$@"',
};

/** The runbook's blocks by name; no block is without one. */
export function blocksOf(text) {
  const blocks = new Map();
  for (const [, name, script] of text.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)) {
    assert.match(name, /^sh [a-z0-9 -]+$/, `a block without a name: ${script}`);
    assert.ok(!blocks.has(name.slice(3)), name);
    blocks.set(name.slice(3), script);
  }
  return blocks;
}

export class Machine {
  /** env: of the server, for shims. */
  static async make(env = {}) {
    const machine = new Machine();
    machine.home = makeDirectory('machine');
    machine.env = env;
    machine.data = path.join(machine.home, 'stagepick');
    machine.settings = path.join(machine.home, 'settings');
    machine.port = await freePort();
    machine.opsPort = await freePort();
    machine.server = null;
    machine.journal = '';
    machine.blocks = blocksOf(fs.readFileSync(RUNBOOK, 'utf8'));
    machine.done = new Set();
    await machine.listen();
    machine.makePrograms();
    return machine;
  }

  makePrograms() {
    this.bin = path.join(this.home, 'bin');
    fs.mkdirSync(this.bin);
    fs.symlinkSync(PROGRAM, path.join(this.bin, 'stagepick'));
    for (const [name, body] of Object.entries(STUBS))
      fs.writeFileSync(path.join(this.bin, name), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  listen() {
    this.control = http.createServer((request, response) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => this.answer(request.url, Buffer.concat(parts).toString()).then(
        (text) => response.end(text),
        (error) => { response.statusCode = 500; response.end(error.message); }));
    });
    this.control.unref();
    return new Promise((resolve) => this.control.listen(0, '127.0.0.1', resolve));
  }

  async answer(url, words) {
    if (url === '/journal')
      return this.log();
    const name = words.split(' ').filter((word) => !word.startsWith('-')).slice(0, 2).join(' ');
    const acts = {
      'daemon-reload': () => '',
      'reset-failed stagepick': () => '',
      'status stagepick': () => `${this.running ? 'active' : 'inactive'}\n`,
      'start stagepick': () => this.start(),
      'enable stagepick': () => this.start(),
      'stop stagepick': () => this.stop(),
      'reload stagepick': () => this.server.signal('SIGHUP'),
      'restart stagepick': async () => { await this.stop(); return this.start(); },
    };
    assert.ok(acts[name], `what is systemctl ${words}?`);
    return (await acts[name]()) ?? '';
  }

  get running() { return this.server !== null && this.server.exit === null; }
  log() { return this.journal + (this.server ? this.server.stdout() + this.server.stderr() : ''); }

  /** Type=exec: it does not wait until the server is ready. */
  async start() {
    assert.ok(!this.running);
    this.journal = this.log();
    const settings = {};
    for (const line of fs.existsSync(this.settings) ? fs.readFileSync(this.settings, 'utf8').split('\n').filter(Boolean) : [])
      settings[line.slice(0, line.indexOf('='))] = line.slice(line.indexOf('=') + 1);
    this.server = await startServer({ data: this.data, listen: `127.0.0.1:${this.port}`, admin: false, expectReady: false, rateLimit: null, env: { ...this.env, ...settings } });
  }

  /** Waits for the exit; what it was. */
  async stop() {
    this.exit = this.server ? await this.server.stop() : this.exit;
    this.journal = this.log();
    this.server = null;
  }

  /** Runs a block as it stands, but for where things are. */
  async run(name, env = {}) {
    const block = this.blocks.get(name);
    assert.ok(block, `the runbook has no block ${name}`);
    this.done.add(name);
    const script = block.replaceAll('/var/lib/stagepick', this.data).replaceAll('/etc/default/stagepick', this.settings)
      .replaceAll('/root/', `${this.home}/`).replaceAll('127.0.0.1:8080', `127.0.0.1:${this.port}`).replaceAll('127.0.0.1:9090', `127.0.0.1:${this.opsPort}`);
    assert.doesNotMatch(script, /\/(var|etc|root|usr)\//, 'it would touch this machine');
    const { port } = this.control.address();
    const result = await shell(script, environment({ ...env, PATH: `${this.bin}:${process.env.PATH}`, CONTROL: `http://127.0.0.1:${port}` }));
    assert.equal(result.code, 0, `${name}:\n${result.output}\n${this.log()}`);
    return result.output;
  }

  client() { return new Client({ host: '127.0.0.1', port: this.port }); }

  async drop() {
    await this.server?.kill();
    this.control.close();
    dropDirectory(this.home);
  }
}

function shell(script, env) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-e', '-c', script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), 120000);
    let output = '';
    for (const pipe of [child.stdout, child.stderr])
      pipe.on('data', (bytes) => { output += bytes; });
    child.on('error', reject);
    child.on('close', (code) => { clearTimeout(timer); resolve({ code, output }); });
  });
}
