/* SPDX-License-Identifier: MIT
 *
 * `make install` and `make uninstall`, and the systemd unit that they bring.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';

import { PROGRAM, ROOT, dropDirectory, environment, makeDirectory, run } from './lib/program.mjs';
import { startServer } from './lib/server.mjs';

const UNIT = 'lib/systemd/system/stagepick.service';

/* Of these paths everything is known; what else there is, is too much. */
const FILES = {
  'bin/stagepick': 0o755,
  [UNIT]: 0o644,
  'lib/sysusers.d/stagepick.conf': 0o644,
  'share/doc/stagepick/RUNBOOK.md': 0o644,
  'share/doc/stagepick/nginx.conf': 0o644,
  'share/man/man1/stagepick.1': 0o644,
};

/** Runs make as its user would: {status, stdout, stderr}. */
function make(...args) {
  const env = environment();
  for (const name of ['MAKEFLAGS', 'MFLAGS', 'MAKELEVEL', 'SAN', 'DESTDIR', 'PREFIX'])
    delete env[name];
  const variant = path.basename(path.dirname(PROGRAM));
  return spawnSync('make', ['--no-print-directory', `SAN=${variant === 'release' ? '' : variant}`, ...args], { cwd: ROOT, encoding: 'utf8', env });
}

function filesUnder(directory, below = '') {
  return fs.readdirSync(path.join(directory, below), { withFileTypes: true }).flatMap((entry) =>
    (entry.isDirectory() ? filesUnder(directory, path.join(below, entry.name)) : [path.join(below, entry.name)])).sort();
}

describe('make install', () => {
  const directories = [];
  const makeRoot = () => {
    directories.push(makeDirectory('install'));
    return directories.at(-1);
  };
  after(() => directories.forEach(dropDirectory));

  function install(...args) {
    const root = makeRoot();
    const result = make('install', `DESTDIR=${root}`, ...args);
    assert.equal(result.status, 0, result.stderr);
    return root;
  }

  for (const [prefix, args] of [['/usr/local', []], ['/usr', ['PREFIX=/usr']], ['/opt/stage-pick_1.0+a', ['PREFIX=/opt/stage-pick_1.0+a']]])
    it(`puts each file where it belongs under ${prefix}, and nothing else`, () => {
      const root = install(...args);
      assert.deepEqual(filesUnder(root), Object.keys(FILES).map((name) => path.join(prefix.slice(1), name)).sort());
      for (const [name, mode] of Object.entries(FILES))
        assert.equal(fs.statSync(path.join(root, prefix, name)).mode & 0o7777, mode, name);
      const unit = fs.readFileSync(path.join(root, prefix, UNIT), 'utf8');
      assert.deepEqual(unit.match(/^ExecStart=.*$/gm), [`ExecStart=${prefix}/bin/stagepick serve --data %S/stagepick`]);
    });

  it('whatever the umask is, others can read', () => {
    const root = makeRoot();
    execFileSync('sh', ['-c', 'umask 077; DESTDIR="$1" tools/operation/install.sh install "$2"', 'sh', root, PROGRAM], { cwd: ROOT, env: environment(), stdio: 'pipe' });
    for (const [name, mode] of Object.entries(FILES)) {
      assert.equal(fs.statSync(path.join(root, 'usr/local', name)).mode & 0o7777, mode, name);
      for (let folder = path.dirname(path.join(root, 'usr/local', name)); folder !== root; folder = path.dirname(folder))
        assert.equal(fs.statSync(folder).mode & 0o755, 0o755, folder);
    }
  });

  it('what is installed runs from there', async () => {
    const program = path.join(install(), 'usr/local/bin/stagepick');
    assert.match((await run(['--version'], { program })).stdout, /^stagepick \d+\.\d+\.\d+\n$/);
    assert.match((await run(['--help'], { program })).stdout, /^usage: stagepick/);
    const server = await startServer({ program, admin: false });
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    dropDirectory(server.data);
  });

  it('a second time replaces the files, also under a running server', async () => {
    const root = install();
    const program = path.join(root, 'usr/local/bin/stagepick');
    const server = await startServer({ program, admin: false });
    const again = make('install', `DESTDIR=${root}`);
    assert.equal(again.status, 0, again.stderr);
    assert.equal(filesUnder(root).length, Object.keys(FILES).length);
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    dropDirectory(server.data);
  });

  it('uninstall takes away what install brought, and leaves the rest', () => {
    const root = install();
    const theirs = path.join(root, 'usr/local/share/man/man1/other.1');
    fs.writeFileSync(theirs, '');
    const result = make('uninstall', `DESTDIR=${root}`);
    assert.equal(result.status, 0, result.stderr);
    assert.deepEqual(filesUnder(root), ['usr/local/share/man/man1/other.1']);
    assert.ok(!fs.existsSync(path.join(root, 'usr/local/share/doc/stagepick')));
    assert.equal(make('uninstall', `DESTDIR=${root}`).status, 0, 'nothing to remove is no failure');
  });

  it('it builds nothing: without a program it says what to do', () => {
    const root = makeRoot();
    const result = spawnSync(path.join(ROOT, 'tools/operation/install.sh'), ['install', path.join(root, 'none')],
      { encoding: 'utf8', env: environment({ DESTDIR: root }) });
    assert.equal(result.status, 1);
    assert.match(result.stderr, /make first/);
    assert.deepEqual(fs.readdirSync(root), []);
    const planned = make('--dry-run', 'install');
    assert.doesNotMatch(planned.stdout, /gcc|clang/);
  });

  it('a prefix that the unit could not name is refused', () => {
    for (const prefix of ['relative', '/with blank', '/with|bar', '/with%s']) {
      const root = makeRoot();
      const result = make('install', `DESTDIR=${root}`, `PREFIX=${prefix}`);
      assert.notEqual(result.status, 0, prefix);
      assert.deepEqual(fs.readdirSync(root), [], prefix);
    }
  });
});

describe('the systemd unit', () => {
  let home;
  after(() => { if (home) dropDirectory(home); });

  /* As it is installed, but with a program that is there. */
  function unit(change = (text) => text) {
    home ??= makeDirectory('unit');
    const file = path.join(home, 'stagepick.service');
    const text = fs.readFileSync(path.join(ROOT, 'tools/operation/stagepick.service'), 'utf8');
    fs.writeFileSync(file, change(text.replace('/usr/local/bin/stagepick', PROGRAM)));
    return file;
  }
  const analyze = (...args) => spawnSync('systemd-analyze', ['--no-pager', ...args], { encoding: 'utf8' });

  it('is understood whole', () => {
    const result = analyze('--man=no', 'verify', unit());
    assert.deepEqual([result.status, result.stdout, result.stderr], [0, '', '']);
    /* That it would say so: */
    assert.match(analyze('--man=no', 'verify', unit((text) => text.replace('UMask=', 'UMusk='))).stderr, /UMusk/);
  });

  it('is hardened: an exposure of 1.5 of 10 at most', () => {
    const secure = (file) => analyze('security', '--offline=true', '--threshold=15', file);
    const result = secure(unit());
    assert.equal(result.status, 0, result.stdout);
    assert.notEqual(secure(unit((text) => text.replace(/^(ProtectSystem|NoNewPrivileges|SystemCallFilter)=.*$/gm, ''))).status, 0);
  });

  it('makes its user', () => {
    const root = makeDirectory('sysusers');
    fs.mkdirSync(path.join(root, 'etc'));
    const result = spawnSync('systemd-sysusers', [`--root=${root}`, path.join(ROOT, 'tools/operation/stagepick.sysusers')], { encoding: 'utf8' });
    assert.equal(result.status, 0, result.stderr);
    assert.match(fs.readFileSync(path.join(root, 'etc/passwd'), 'utf8'), /^stagepick:x:\d+:\d+:Stage Pick:\/var\/lib\/stagepick:\S*nologin$/m);
    dropDirectory(root);
  });

  it('starts again after a failure, but not after 2, 3 and 4', () => {
    const text = fs.readFileSync(unit(), 'utf8');
    const of = (name) => [...text.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].map(([, value]) => value);
    assert.deepEqual(of('Restart'), ['on-failure']);
    assert.deepEqual(of('RestartPreventExitStatus'), ['2 3 4']);
    assert.deepEqual(of('KillSignal'), ['SIGTERM']);
    assert.ok(Number(of('TimeoutStopSec')[0]) > 10, 'a drain takes up to 10 s');
  });
});
