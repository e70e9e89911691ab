/* SPDX-License-Identifier: MIT
 *
 * Damaged data: found, named, never served, never repaired silently, and
 * nothing crashes the program itself.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { usedBytesOf } from './lib/lmdb.mjs';
import { dropDirectory, makeDirectory, run } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { World, expectStatus } from './lib/world.mjs';

const PAGE_SIZE = 4096;
const FLIPS = Number(process.env.SP_FLIPS || 40);

describe('damage', () => {
  let data;
  let bytes;
  let dump;
  let digest;
  before(async () => {
    const world = await World.start();
    data = world.server.data;
    const user = await world.user({ points: 1_000_000 });
    const concert = await world.concert({ name: 'FINDME-CONCERT', grades: [{ name: 'A', price: 1, seats: 300 }] });
    for (let seat = 0; seat < 200; seat++)
      expectStatus(await world.order(user, concert.id, [seat], { key: `key-${seat}` }), 201);
    world.client.close();
    assert.deepEqual(await world.server.stop(), { code: 0, signal: null });
    /* Without the room behind its last page: damage there would be none. */
    const whole = fs.readFileSync(path.join(data, 'data.mdb'));
    bytes = whole.subarray(0, usedBytesOf(whole));
    assert.ok(bytes.length > 20 * PAGE_SIZE && bytes.length < whole.length, `${bytes.length} of ${whole.length} bytes`);
    dump = (await run(['log', 'dump', '--data', data])).stdout;
    digest = (await run(['replay', '--data', data, '--show', 'digest'])).stdout;
  });
  after(() => { if (data) dropDirectory(data); });

  /* A copy of the directory with these bytes for the log. */
  function copyWith(changed) {
    const copy = makeDirectory('damaged');
    for (const name of fs.readdirSync(data))
      if (name !== 'data.mdb' && name !== 'lock.mdb')
        fs.copyFileSync(path.join(data, name), path.join(copy, name));
    fs.writeFileSync(path.join(copy, 'data.mdb'), changed, { mode: 0o600 });
    return copy;
  }

  const verify = (copy) => run(['log', 'verify', '--data', copy]);

  /* Serving would not end by itself: kill it if it listens after all. */
  async function serve(copy) {
    const result = await run(['serve', '--data', copy, '--listen', '127.0.0.1:0'], { timeoutMs: 4000 });
    return { ...result, listened: result.stdout.includes('listening on') };
  }

  async function assertDamaged(changed, what) {
    const copy = copyWith(changed);
    const verified = await verify(copy);
    assert.equal(verified.code, 3, `${what}: log verify exits ${verified.code ?? verified.signal}: ${verified.stdout}${verified.stderr}`);
    assert.ok(verified.stderr.length + verified.stdout.length > 10, `${what}: nothing is said`);
    const served = await serve(copy);
    assert.equal(served.listened, false, `${what}: it was served`);
    assert.equal(served.code, 3, `${what}: serve exits ${served.code ?? served.signal}: ${served.stderr}`);
    assert.ok(fs.readFileSync(path.join(copy, 'data.mdb')).equals(changed), `${what}: the file was changed`);
    dropDirectory(copy);
    return served.stderr;
  }

  /* Every place where these bytes stand in the file: pages are copied on
   * write, so old versions of a record may lie beside the live one. */
  function placesOf(needle) {
    const places = [];
    for (let at = bytes.indexOf(needle); at >= 0; at = bytes.indexOf(needle, at + 1))
      places.push(at);
    assert.ok(places.length > 0);
    return places;
  }

  function withFlips(places, mask = 0x01) {
    const changed = Buffer.from(bytes);
    for (const at of places)
      changed[at] ^= mask;
    return changed;
  }

  it('the copy itself is fine', async () => {
    const copy = copyWith(bytes);
    assert.equal((await verify(copy)).code, 0);
    assert.equal((await serve(copy)).listened, true);
    assert.equal((await verify(copy)).code, 0);
    dropDirectory(copy);
  });

  it('a changed letter in an event is found, and its seq is named', async () => {
    const seq = dump.split('\n').findIndex((line) => line.includes('FINDME-CONCERT')) + 1;
    const places = placesOf(Buffer.from('FINDME-CONCERT'));
    const said = await assertDamaged(withFlips(places), 'a changed name');
    assert.match(said, new RegExp(`\\b${seq}\\b`), `seq ${seq} is not named: ${said}`);
  });

  it('a truncated file is found', async () => {
    const pages = bytes.length / PAGE_SIZE;
    for (const left of [3, Math.floor(pages / 2), pages - 8])
      await assertDamaged(bytes.subarray(0, left * PAGE_SIZE), `cut to ${left} of ${pages} pages`);
  });

  it('a file that is no log is found', async () => {
    await assertDamaged(Buffer.alloc(bytes.length), 'zeros');
    await assertDamaged(Buffer.from(bytes.toString('latin1').replace(/[\s\S]/g, 'x'), 'latin1'), 'all x');
    const random = new Random();
    await assertDamaged(Buffer.from(Array.from({ length: 100000 }, () => random.below(256))), 'noise');
    const metas = Buffer.from(bytes);
    metas.fill(0, 0, 2 * PAGE_SIZE);
    await assertDamaged(metas, 'no meta pages');
  });

  it('a log that is gone is not replaced by a new one', async () => {
    const copy = copyWith(bytes);
    fs.copyFileSync(path.join(data, 'lock.mdb'), path.join(copy, 'lock.mdb'));
    fs.rmSync(path.join(copy, 'data.mdb'));
    const served = await serve(copy);
    assert.equal(served.code, 3, served.stderr);
    assert.match(served.stderr, /data\.mdb is missing/);
    assert.ok(!fs.existsSync(path.join(copy, 'data.mdb')));
    dropDirectory(copy);
  });

  it('a page of zeros is found wherever it is live', async () => {
    let found = 0;
    const pages = bytes.length / PAGE_SIZE;
    for (let page = 2; page < pages; page++) {
      const changed = Buffer.from(bytes);
      changed.fill(0, page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
      const copy = copyWith(changed);
      found += await outcomeOf(copy, `page ${page} zeroed`) === 3 ? 1 : 0;
      dropDirectory(copy);
    }
    assert.ok(found > 0, 'no page mattered');
  });

  it(`flipped bits are found, or change nothing (seed ${SEED})`, { timeout: 600000 }, async (t) => {
    const random = new Random();
    let found = 0;
    for (let i = 0; i < FLIPS; i++) {
      const at = random.below(bytes.length);
      const bit = random.below(8);
      const copy = copyWith(withFlips([at], 1 << bit));
      found += await outcomeOf(copy, `seed ${SEED}: byte ${at}, bit ${bit}`) === 3 ? 1 : 0;
      dropDirectory(copy);
    }
    t.diagnostic(`${found} of ${FLIPS} single bits mattered, seed ${SEED}`);
  });

  /* Damage may lie where nothing is (free pages, slack): then all must be as
   * it was. Everything else is 3. No third way, and no crash. */
  async function outcomeOf(copy, what) {
    const verified = await verify(copy);
    assert.ok(verified.code === 0 || verified.code === 3, `${what}: log verify exits ${verified.code ?? verified.signal}: ${verified.stderr}`);
    if (verified.code === 0) {
      const dumped = await run(['log', 'dump', '--data', copy]);
      assert.equal(dumped.stdout, dump, `${what}: not found, and the log reads otherwise`);
      assert.equal((await run(['replay', '--data', copy, '--show', 'digest'])).stdout, digest, `${what}: not found, and it replays otherwise`);
    }
    return verified.code;
  }

  it('what verify finds, serve does not serve', async () => {
    const random = new Random(SEED + 7);
    let served = 0;
    for (let i = 0; served < 6 && i < 200; i++) {
      const changed = withFlips([random.between(2 * PAGE_SIZE, bytes.length - 1)], 0xff);
      const copy = copyWith(changed);
      if ((await verify(copy)).code === 3) {
        const result = await serve(copy);
        assert.equal(result.listened, false, `flip ${i}, seed ${SEED + 7}: verify finds it, serve does not`);
        assert.equal(result.code, 3, result.stderr);
        served++;
      }
      dropDirectory(copy);
    }
    assert.ok(served > 0);
  });

  it('a damaged key is named, not replaced', async () => {
    const copy = copyWith(bytes);
    fs.writeFileSync(path.join(copy, 'token.key'), 'garbage', { mode: 0o600 });
    const result = await serve(copy);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, /key/);
    assert.equal(fs.readFileSync(path.join(copy, 'token.key'), 'utf8'), 'garbage');
    dropDirectory(copy);
  });
});
