/* SPDX-License-Identifier: MIT
 *
 * The live seat map of a concert that is itself changed: watchers are told what it has
 * become, and whoever takes all events into his map has the true one at each seq, with
 * other seats too, however often he is cut off.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { EventStream, LiveMap } from './lib/events.mjs';
import { TrueMaps } from './lib/maps.mjs';
import { dropDirectory, dumpLog, sleep } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { World, expectStatus } from './lib/world.mjs';

const pathOf = (concert) => `/v1/concerts/${concert.id}`;
const EMPTY = { taken: [], held: [], freed: [] };

async function watch(world, concert, lastId) {
  const stream = await EventStream.open(world.server, `${pathOf(concert)}/seats/stream`, lastId === undefined ? {} : { lastId: String(lastId) });
  assert.equal(stream.status, 200, stream.head);
  return stream;
}

/** A concert with someone who watches it, and holds its events to what is expected. */
class Watched {
  static async start(world, concert, lastId) {
    const stream = await watch(world, concert, lastId);
    return new Watched(stream);
  }

  constructor(stream) { this.stream = stream; }

  async expect(event, data, id = String(data.seq)) {
    const told = await this.stream.next();
    assert.deepEqual({ event: told.event, data: told.data }, { event, data });
    if (event === 'map' || event === 'seats')
      assert.equal(told.id, id);
    else
      assert.notEqual(told.id, id, 'only the seats have an id');
  }
}

describe('watchers of a concert that is changed', () => {
  let world;
  let user;
  let admin;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 1_000_000 });
    admin = world.admin;
  });
  after(async () => { await world?.stop(); });

  const edit = async (concert, body) => expectStatus(await admin.request('PATCH', pathOf(concert), body), 200);
  const change = async (concert, what) => expectStatus(await admin.post(`${pathOf(concert)}/${what}`), 200);
  const cancel = async (concert) => expectStatus(await admin.delete(pathOf(concert)), 200);
  const order = async (concert, seats) => expectStatus(await world.order(user, concert.id, seats), 201);

  it('an edit, a pause, a resumption, the end: each is told before the seats', async () => {
    const concert = await world.concert();
    const watched = await Watched.start(world, concert);
    await watched.expect('map', { seq: concert.seq, status: '.'.repeat(20) });
    const told = async (seq, status, lists) => {
      await watched.expect('concert', { seq, status });
      await watched.expect('seats', { seq, ...EMPTY, ...lists });
    };
    await told((await edit(concert, { name: 'x' })).seq, 'ON_SALE');
    await told((await change(concert, 'pause')).seq, 'PAUSED');
    await told((await change(concert, 'resume')).seq, 'ON_SALE');
    const { seq } = await order(concert, [2, 3]);
    await watched.expect('seats', { seq, ...EMPTY, taken: [2, 3] });
    const hold = expectStatus(await world.hold(user, concert.id, [7]), 201);
    await watched.expect('seats', { seq: hold.seq, ...EMPTY, held: [7] });
    await told((await cancel(concert)).seq, 'CANCELLED', { freed: [2, 3, 7] });
    watched.stream.close();
  });

  it('other seats: the old map is reset', async () => {
    const concert = await world.concert();
    const watched = await Watched.start(world, concert);
    await watched.expect('map', { seq: concert.seq, status: '.'.repeat(20) });
    for (const seats of [3, 70, 1]) {
      const { seq } = await edit(concert, { grades: [{ name: 'A', price: 1, seats }] });
      await watched.expect('concert', { seq, status: 'ON_SALE' });
      await watched.expect('reset', {}, String(seq));
      await watched.expect('map', { seq, status: '.'.repeat(seats) });
    }
    const { seq } = await order(concert, [0]);
    await watched.expect('seats', { seq, ...EMPTY, taken: [0] });
    watched.stream.close();
  });

  it('an id of before the seats that there are is not known', async () => {
    const concert = await world.concert();
    const edited = await edit(concert, { grades: [{ name: 'A', price: 1, seats: 4 }] });
    const { seq } = await order(concert, [1]);
    for (const id of [concert.seq, edited.seq - 1]) {
      const watched = await Watched.start(world, concert, id);
      await watched.expect('reset', {});
      await watched.expect('map', { seq, status: '.x..' });
      watched.stream.close();
    }
    /* 0 is whoever takes the seats that there are for free. */
    for (const id of [0, edited.seq]) {
      const watched = await Watched.start(world, concert, id);
      await watched.expect('seats', { seq, ...EMPTY, taken: [1] });
      watched.stream.close();
    }
  });

  it('who comes back is told once what it has become', async () => {
    const concert = await world.concert();
    await change(concert, 'pause');
    await change(concert, 'resume');
    const paused = await change(concert, 'pause');
    const watched = await Watched.start(world, concert, concert.seq);
    await watched.expect('concert', { seq: paused.seq, status: 'PAUSED' });
    await watched.expect('seats', { seq: paused.seq, ...EMPTY });
    watched.stream.close();
    const late = await Watched.start(world, concert, paused.seq);
    const resumed = await change(concert, 'resume');
    await late.expect('concert', { seq: resumed.seq, status: 'ON_SALE' });
    await late.expect('seats', { seq: resumed.seq, ...EMPTY });
    late.stream.close();
  });

  it('a hall that is cancelled is freed at once, by a map if that is shorter', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 0, seats: 3000 }] });
    for (let first = 0; first < 1000; first += 100)
      await order(concert, Array.from({ length: 100 }, (_, i) => first + i));
    const watched = await Watched.start(world, concert);
    assert.equal((await watched.stream.next()).event, 'map');
    const { seq } = await cancel(concert);
    await watched.expect('concert', { seq, status: 'CANCELLED' });
    await watched.expect('map', { seq, status: '.'.repeat(3000) });
    watched.stream.close();
  });

  it('a change right behind an order shows the order too', async () => {
    const concert = await world.concert();
    const watched = await Watched.start(world, concert);
    await watched.stream.next();
    const map = new LiveMap();
    map.take({ event: 'map', data: { seq: concert.seq, status: '.'.repeat(20) }, id: String(concert.seq) });
    await Promise.all([order(concert, [5]), change(concert, 'pause')]).catch(() => {});
    const now = await world.seats(concert.id);
    while (map.seq < now.seq)
      map.take(await watched.stream.next());
    assert.equal(map.status, now.status);
    assert.equal(map.concertStatus, 'PAUSED');
    watched.stream.close();
  });
});

/* A host who can not make up his mind, people who buy and hold, watchers who come and
 * go: everything that any of them ever had on his screen was true. */
async function run({ loops, random, seconds }) {
  const world = await World.start({ args: ['--io-threads', String(loops)] });
  const users = [await world.user({ points: 1_000_000 }), await world.user({ points: 1_000_000 })];
  const concert = await world.concert({ grades: [{ name: 'A', price: 0, seats: 90 }] });
  const until = Date.now() + seconds * 1000;
  const watchers = Array.from({ length: 12 }, () => ({ map: new LiveMap(), stream: null }));
  const on = () => Date.now() < until;
  let edits = 0;
  const host = async () => {
    while (on()) {
      const die = random.below(5);
      const path = pathOf(concert);
      const answer = die === 0 ? await world.admin.post(`${path}/pause`)
        : die < 3 ? await world.admin.post(`${path}/resume`)
        : die === 3 ? await world.admin.request('PATCH', path, { name: `n${edits}` })
        : await world.admin.request('PATCH', path, { grades: [{ name: 'A', price: 0, seats: 80 + random.below(40) }] });
      assert.ok([200, 409].includes(answer.status), answer.text);
      edits += answer.status === 200;
      await sleep(random.below(15));
    }
  };
  const act = async (user) => {
    await sleep(seconds * 400); /* until then the seats may be others */
    while (on()) {
      const seats = random.distinct(random.between(1, 3), 80);
      const answer = random.chance(0.5) ? await world.order(user, concert.id, seats) : await world.hold(user, concert.id, seats);
      assert.ok([201, 409].includes(answer.status), answer.text);
      await sleep(random.below(10));
    }
  };
  const look = async (one) => {
    while (on()) {
      one.stream ??= await watch(world, concert, one.map.seq ?? undefined);
      for (const end = Date.now() + random.below(400); Date.now() < end;) {
        while (one.stream.used < one.stream.events.length)
          one.map.take(await one.stream.next());
        await one.stream.raw.changed(Date.now() + 30);
      }
      if (random.chance(0.5)) {
        one.stream.close();
        one.stream = null;
      }
    }
  };
  await Promise.all([host(), ...users.map(act), ...watchers.map(look)]);
  const cancelled = expectStatus(await world.admin.delete(pathOf(concert)), 200);
  for (const one of watchers) {
    one.stream ??= await watch(world, concert, one.map.seq ?? undefined);
    while (one.map.seq !== cancelled.seq)
      one.map.take(await one.stream.next());
    assert.equal(one.map.concertStatus, 'CANCELLED');
    assert.match(one.map.status, /^\.+$/);
    one.stream.close();
  }
  await world.stopServer();
  const truth = new TrueMaps(await dumpLog(world.server.data), concert.id, 90);
  let seen = 0;
  for (const { map } of watchers)
    for (const { seq, status } of map.seen) {
      assert.equal(status, truth.at(seq), `the map of seq ${seq}`);
      seen++;
    }
  dropDirectory(world.server.data);
  assert.ok(edits > 20 && seen > 100, `${edits} changes, ${seen} maps seen`);
}

describe('live maps are true while a concert is changed', () => {
  for (const loops of [1, 2])
    it(`random changes, ${loops} loops (seed ${SEED})`, async () => {
      await run({ loops, random: new Random(SEED + loops), seconds: 4 });
    });
});
