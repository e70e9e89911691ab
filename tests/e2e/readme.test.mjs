/* SPDX-License-Identifier: MIT
 *
 * The session in the README, run as a reader would, so that it can't rot.
 *
 * Its form: between `<!-- session:begin -->` and `<!-- session:end -->` stand
 * fenced ```sh blocks, run in order in one `bash -e`, with URL and DATA set,
 * in a directory that has build/stagepick. A command that ends in `# 201`
 * promises that status; curl prints it on a line of its own (-w). The promises
 * and the lines printed must be the same, in order.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { PROGRAM, ROOT, dropDirectory, environment, makeDirectory } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';

const README = path.join(ROOT, 'README.md');

function sessionOf(text) {
  const session = /<!-- session:begin -->([\s\S]*?)<!-- session:end -->/.exec(text)?.[1] ?? '';
  return [...session.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, body]) => body).join('\n');
}

function shell(script, directory, env) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-e', '-o', 'pipefail', '-c', script], { cwd: directory, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), 120000);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (bytes) => { stdout += bytes; });
    child.stderr.on('data', (bytes) => { stderr += bytes; });
    child.on('error', reject);
    child.on('close', (code) => { clearTimeout(timer); resolve({ code, stdout, stderr }); });
  });
}

describe('README', () => {
  let server;
  let home;
  before(async () => {
    home = makeDirectory('readme');
    fs.mkdirSync(path.join(home, 'build'));
    fs.symlinkSync(PROGRAM, path.join(home, 'build/stagepick'));
    server = await startServer({ data: path.join(home, 'data'), admin: false, args: ['--demo'] });
  });
  after(async () => {
    await server?.kill();
    dropDirectory(home);
  });

  it('the session does what the README says', async () => {
    const script = sessionOf(fs.readFileSync(README, 'utf8'));
    const promised = [...script.matchAll(/# (\d{3})$/gm)].map(([, status]) => status);
    assert.ok(promised.length > 0, 'README.md promises nothing between its session markers');
    const result = await shell(script, home, environment({ URL: server.url, DATA: server.data }));
    assert.equal(result.code, 0, `the session fails:\n${result.stdout}\n${result.stderr}`);
    const printed = [...result.stdout.matchAll(/^(\d{3})$/gm)].map(([, status]) => status);
    assert.deepEqual(printed, promised, result.stdout);
    for (const sign of [/"code":"seat_taken"/, /"status":"CANCEL"/, /"type":"order_cancelled"/])
      assert.match(result.stdout, sign);
  });
});
