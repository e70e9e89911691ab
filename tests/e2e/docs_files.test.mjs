/* SPDX-License-Identifier: MIT
 *
 * The files of the page of the interface, as clients get them who are slow, ask for
 * many at once, or come from elsewhere; and what the program was built of.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Client } from './lib/client.mjs';
import { ROOT, sleep } from './lib/program.mjs';
import { Raw } from './lib/raw.mjs';
import { World } from './lib/world.mjs';

const MODULE = path.join(ROOT, 'node_modules/swagger-ui-dist');
const ORIGIN = 'https://tickets.example';
const get = (target, headers = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

describe('the files of the page', () => {
  let world;
  let pages;
  before(async () => {
    world = await World.start({ args: ['--cors-origin', ORIGIN] });
    pages = new Client(world.server, { documented: false });
  });
  after(async () => {
    pages?.close();
    await world?.stop();
  });

  it('are those that npm brought, byte by byte', async () => {
    for (const name of ['swagger-ui.css', 'swagger-ui-bundle.js']) {
      const answer = await pages.get(`/docs/${name}`);
      assert.equal(answer.status, 200);
      assert.ok(answer.bytes.equals(fs.readFileSync(path.join(MODULE, name))), name);
    }
    const licenses = (await pages.get('/docs/swagger-ui-bundle.js.LICENSE.txt')).text;
    for (const name of ['LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'])
      assert.ok(licenses.includes(fs.readFileSync(path.join(MODULE, name), 'utf8')), name);
  });

  it('come whole and in order to a client who does not read for a while', async () => {
    const targets = ['/docs', '/docs/swagger-ui-bundle.js', '/docs/swagger-ui.css', '/docs/docs.js', '/docs/swagger-ui-bundle.js', '/docs/favicon.png'];
    const raw = await Raw.connect(world.server, { pauseOnConnect: true, documented: false });
    raw.send(targets.map((target) => get(target)).join(''));
    await sleep(200);
    raw.resume();
    for (const target of targets) {
      const answer = await raw.answer();
      assert.equal(answer.status, 200);
      assert.ok(answer.body.equals((await pages.get(target)).bytes), target);
    }
    raw.destroy();
  });

  it('cost next to nothing for each who does not take them', async (t) => {
    const COUNT = 150;
    const rss = () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(fs.readFileSync(`/proc/${world.server.pid}/status`, 'utf8'))[1]);
    const idle = await Promise.all(Array.from({ length: COUNT }, () => Raw.connect(world.server, { pauseOnConnect: true, documented: false })));
    const before = rss();
    /* More than any socket takes by itself. */
    idle.forEach((raw) => raw.send(get('/docs/swagger-ui-bundle.js').repeat(8)));
    await sleep(300);
    assert.equal((await pages.get('/docs')).status, 200);
    const each = (rss() - before) / COUNT;
    t.diagnostic(`${each.toFixed(1)} KiB each`);
    assert.ok(each < 200, `${each} KiB of memory for each of ${COUNT}`);
    idle.forEach((raw) => raw.destroy());
  });

  it('are nothing that another origin\'s page may frame, but may be read where CORS says so', async () => {
    const answer = await pages.get('/docs', { headers: { Origin: ORIGIN } });
    assert.equal(answer.headers['access-control-allow-origin'], ORIGIN);
    assert.match(answer.headers['content-security-policy'], /frame-ancestors 'none'/);
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });

  it('are no part of the document, and come by a lock file that names no registry', async () => {
    const document = (await world.client.get('/openapi.json')).body;
    assert.deepEqual(Object.keys(document.paths).filter((name) => name.startsWith('/docs')), []);
    const lock = JSON.parse(fs.readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8'));
    for (const [name, one] of Object.entries(lock.packages)) {
      assert.equal(one.resolved, undefined, name);
      assert.ok(name === '' || /^sha512-/.test(one.integrity), name);
    }
    const { dependencies, devDependencies } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
    for (const version of Object.values({ ...dependencies, ...devDependencies }))
      assert.match(version, /^\d+\.\d+\.\d+$/);
  });
});
