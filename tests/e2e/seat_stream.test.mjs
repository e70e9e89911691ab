/* SPDX-License-Identifier: MIT
 *
 * The live seat map: whoever takes its events into his map has, at each of them, the
 * true map of its seq, however often he is cut off.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { EventStream, LiveMap } from './lib/events.mjs';
import { TrueMaps } from './lib/maps.mjs';
import { dropDirectory, dumpLog, sleep } from './lib/program.mjs';
import { Random, SEED } from './lib/random.mjs';
import { Raw } from './lib/raw.mjs';
import { startServer } from './lib/server.mjs';
import { World, expectStatus } from './lib/world.mjs';

const pathOf = (concert) => `/v1/concerts/${concert.id}/seats/stream`;

async function watch(world, concert, options) {
  const stream = await EventStream.open(world.server, pathOf(concert), options);
  assert.equal(stream.status, 200, stream.head);
  return stream;
}

async function hold(world, user, concert, seats) {
  return expectStatus(await user.client.post(`/v1/concerts/${concert.id}/holds`, { seats }), 201);
}

describe('many streams', () => {
  it('who comes in a crowd has the map first, and every change after it', async () => {
    const world = await World.start();
    try {
      const user = await world.user({ points: 1_000_000 });
      const concert = await world.concert();
      const streams = await Promise.all(Array.from({ length: 150 }, () => watch(world, concert)));
      const order = expectStatus(await world.order(user, concert.id, [7]), 201);
      for (const stream of streams) {
        const first = await stream.next();
        assert.equal(first.event, 'map');
        if (first.data.seq === order.seq) {
          assert.equal(first.data.status, '.......x............');
        } else {
          assert.equal(first.data.status, '.'.repeat(20));
          assert.deepEqual((await stream.next()).data, { seq: order.seq, taken: [7], held: [], freed: [] });
        }
      }
      const back = await Promise.all(Array.from({ length: 60 }, () =>
        watch(world, concert, { lastId: String(order.seq - 1) })));
      for (const stream of back)
        assert.deepEqual((await stream.next()).data, { seq: order.seq, taken: [7], held: [], freed: [] });
      const strange = await Promise.all(Array.from({ length: 60 }, () =>
        watch(world, concert, { lastId: '999999' })));
      for (const stream of strange) {
        assert.equal((await stream.next()).event, 'reset');
        assert.equal((await stream.next()).event, 'map');
      }
      [...streams, ...back, ...strange].forEach((stream) => stream.close());
    } finally {
      await world.stop();
    }
  });

  it('leave an eighth of the connections to those who ask and buy', async () => {
    const world = await World.start({ args: ['--max-connections', '24'] });
    const streams = [];
    try {
      const concert = await world.concert();
      while (streams.length < 21)
        streams.push(await watch(world, concert));
      const one_more = await EventStream.open(world.server, pathOf(concert));
      assert.equal(one_more.status, 503, one_more.head);
      assert.match(one_more.head, /\r\nRetry-After: /);
      one_more.close();
      assert.equal((await world.seats(concert.id)).status.length, 20);
      streams.pop().close();
      for (let tries = 0; tries < 100 && streams.length < 21; tries++) {
        const again = await EventStream.open(world.server, pathOf(concert));
        if (again.status === 200)
          streams.push(again);
        else
          again.close();
        await sleep(20);
      }
      assert.equal(streams.length, 21, 'who leaves makes no room');
    } finally {
      for (const stream of streams)
        stream.close();
      await world.stop();
    }
  });
});

describe('the stream of seats', () => {
  let world;
  let user;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 1_000_000 });
  });
  after(async () => { await world?.stop(); });

  it('the whole map first, with a retry', async () => {
    const concert = await world.concert();
    const order = expectStatus(await world.order(user, concert.id, [2, 19]), 201);
    await hold(world, user, concert, [4]);
    const stream = await watch(world, concert);
    assert.match(stream.head, /\r\nContent-Type: text\/event-stream\r\n/);
    assert.match(stream.head, /\r\nCache-Control: no-store\r\n/);
    assert.match(stream.head, /\r\nConnection: close$/);
    assert.doesNotMatch(stream.head, /content-length|transfer-encoding/i);
    const first = await stream.next();
    const shown = await world.seats(concert.id);
    assert.equal(shown.status, '..x.h..............x');
    assert.ok(shown.seq > order.seq);
    assert.deepEqual(first, { event: 'map', id: String(shown.seq), data: { seq: shown.seq, status: shown.status } });
    assert.equal(stream.retries.length, 1);
    assert.ok(stream.retries[0] >= 1000 && stream.retries[0] <= 3000);
    stream.close();
  });

  it('each thing that can happen to a seat comes by itself', async () => {
    const concert = await world.concert();
    const stream = await watch(world, concert);
    await stream.next();
    const told = async (seq, lists) => {
      const event = await stream.next();
      assert.deepEqual(event, { event: 'seats', id: String(seq), data: { seq, taken: [], held: [], freed: [], ...lists } });
    };
    const order = expectStatus(await world.order(user, concert.id, [1, 2, 13]), 201);
    await told(order.seq, { taken: [1, 2, 13] });
    const first = await hold(world, user, concert, [5, 6]);
    await told(first.seq, { held: [5, 6] });
    expectStatus(await user.client.request('DELETE', `/v1/holds/${first.holdId}`), 204);
    await told(first.seq + 1, { freed: [5, 6] });
    const second = await hold(world, user, concert, [7]);
    await told(second.seq, { held: [7] });
    const bought = expectStatus(await user.client.post('/v1/orders', { holdId: second.holdId }), 201);
    await told(bought.seq, { taken: [7] });
    const cancelled = expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    await told(cancelled.seq, { freed: [1, 2, 13] });
    /* Another concert's seats are not this one's. */
    expectStatus(await world.order(user, (await world.concert()).id, [0]), 201);
    await sleep(300);
    stream.pump();
    assert.equal(stream.events.length, 7);
    stream.close();
  });

  it('what has come and gone within one interval is told as it is', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 500 }] });
    const stream = await watch(world, concert);
    const map = new LiveMap();
    map.take(await stream.next());
    let last;
    const began = Date.now();
    for (let seat = 0; seat < 100; seat++) {
      const order = expectStatus(await world.order(user, concert.id, [seat]), 201);
      last = seat % 2 ? order : expectStatus(await user.client.post(`/v1/orders/${order.id}/cancel`, {}), 200);
    }
    const intervals = Math.ceil((Date.now() - began) / 100);
    while (map.seq < last.seq)
      map.take(await stream.next());
    assert.equal(map.status, `${'.x'.repeat(50)}${'.'.repeat(400)}`);
    assert.ok(stream.events.length <= intervals + 3, `${stream.events.length} events in ${intervals} intervals`);
    stream.close();
  });

  it('resumes exactly from any known id', async () => {
    const concert = await world.concert();
    const seqs = [concert.seq];
    for (const seat of [0, 3, 11])
      seqs.push(expectStatus(await world.order(user, concert.id, [seat]), 201).seq);
    const resumed = async (lastId, lists) => {
      const stream = await watch(world, concert, { lastId });
      const event = await stream.next();
      assert.deepEqual(event, { event: 'seats', id: String(seqs[3]), data: { seq: seqs[3], taken: lists, held: [], freed: [] } });
      stream.close();
    };
    await resumed(seqs[0], [0, 3, 11]);
    await resumed(seqs[1], [3, 11]);
    await resumed(seqs[2], [11]);
    await resumed(0, [0, 3, 11]);
    /* Nothing to tell yet: only the retry, then what comes. */
    const stream = await watch(world, concert, { lastId: seqs[3] });
    await stream.until(() => stream.retries.length === 1, 'the retry');
    assert.equal(stream.events.length, 0);
    const order = expectStatus(await world.order(user, concert.id, [15]), 201);
    assert.deepEqual((await stream.next()).data, { seq: order.seq, taken: [15], held: [], freed: [] });
    stream.close();
  });

  it('an id of another history is a reset, then the map', async () => {
    await world.category(); /* so that 1 is before any concert of this test */
    const concert = await world.concert();
    const { seq } = expectStatus(await world.order(user, concert.id, [0]), 201);
    for (const lastId of [seq + 1, concert.seq - 1, 1, '999999999999999999999', '-1', 'x', '1.5', `${seq}x`, '0x1', '1'.repeat(64)]) {
      const stream = await watch(world, concert, { lastId });
      assert.deepEqual(await stream.next(), { event: 'reset', id: null, data: {} }, `id ${lastId}`);
      assert.deepEqual((await stream.next()).data, { seq, status: `x${'.'.repeat(19)}` });
      stream.close();
    }
    /* An empty one is none. */
    const stream = await watch(world, concert, { lastId: '' });
    assert.equal((await stream.next()).event, 'map');
    stream.close();
  });

  it('many changes are a map', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 2000 }] });
    const seats = Array.from({ length: 1000 }, (_, i) => i + 1000);
    for (let at = 0; at < 1000; at += 100)
      expectStatus(await world.order(user, concert.id, seats.slice(at, at + 100)), 201);
    const stream = await watch(world, concert, { lastId: concert.seq });
    const event = await stream.next();
    assert.equal(event.event, 'map');
    assert.equal(event.data.status, `${'.'.repeat(1000)}${'x'.repeat(1000)}`);
    stream.close();
  });

  it('HEAD, another concert, another kind of answer', async () => {
    const concert = await world.concert();
    const head = await EventStream.open(world.server, pathOf(concert), { method: 'HEAD' });
    assert.equal(head.status, 200);
    assert.match(head.head, /text\/event-stream/);
    await head.untilClosed();
    assert.equal(head.raw.buffer.length + head.reader.rest.length, 0);
    assert.equal(head.retries.length, 0);
    for (const id of ['99999', 'x', '0'])
      assertProblem(await world.client.get(`/v1/concerts/${id}/seats/stream`), 404, 'concert_unknown');
    for (const accept of ['application/json', 'text/html', 'text/event-stream;q=0'])
      assertProblem(await world.client.get(pathOf(concert), { headers: { Accept: accept } }), 406, 'not_acceptable');
    const post = await world.client.post(pathOf(concert), {});
    assertProblem(post, 405, 'method_not_allowed');
    for (const accept of ['*/*', 'text/*', 'text/event-stream, application/json']) {
      const stream = await watch(world, concert, { headers: { Accept: accept } });
      assert.equal((await stream.next()).event, 'map');
      stream.close();
    }
  });

  it('whoever has been told an order finds it in a stream that he opens', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 1, seats: 100 }] });
    for (let seat = 0; seat < 50; seat++) {
      const order = expectStatus(await world.order(user, concert.id, [seat]), 201);
      const stream = await watch(world, concert);
      const { data } = await stream.next();
      assert.ok(data.seq >= order.seq);
      assert.equal(data.status[seat], 'x');
      stream.close();
    }
  });

  it('a hold that expires, and a sign of life', async () => {
    const concert = await world.concert({ holdSeconds: 10 });
    const stream = await watch(world, concert);
    await stream.next();
    const held = await hold(world, user, concert, [3, 4]);
    assert.deepEqual((await stream.next()).data.held, [3, 4]);
    const { data } = await stream.next(15000);
    assert.deepEqual(data, { seq: data.seq, taken: [], held: [], freed: [3, 4] });
    assert.ok(data.seq > held.seq);
    await stream.until(() => stream.reader.comments > 0, 'a comment', 20000);
    stream.close();
  });

  /* Kernel buffers take a good deal before he is slow: so the map is large, and stands
   * behind two others. */
  it('a slow reader is passed over and then told once', async () => {
    const concert = await world.concert({ grades: [{ name: 'A', price: 0, rows: Array(4).fill(50000) }], maxSeatsPerUser: 1000 });
    const other = await watch(world, concert, { lastId: concert.seq });
    const slow = await Raw.connect(world.server, { pauseOnConnect: true });
    slow.socket.pause();
    for (const target of [pathOf(concert).replace('/stream', ''), pathOf(concert).replace('/stream', ''), pathOf(concert)])
      slow.send(`GET ${target} HTTP/1.1\r\nHost: x\r\n\r\n`);
    let last;
    for (let i = 0; i < 10; i++) {
      last = expectStatus(await world.order(user, concert.id, [i * 1000]), 201);
      await other.until(() => other.events.at(-1)?.data.seq === last.seq, 'an event');
    }
    slow.resume();
    slow.socket.resume();
    for (let i = 0; i < 2; i++)
      assert.equal((await slow.answer()).status, 200);
    const stream = new EventStream(slow);
    await stream.readHead();
    const map = new LiveMap();
    while (map.seq === null || map.seq < last.seq)
      map.take(await stream.next());
    assert.equal([...map.status].filter((c) => c === 'x').length, 10);
    assert.deepEqual(map.kinds, ['map', 'seats']);
    stream.close();
    other.close();
  });
});

/* Random users against one concert, watchers who are cut off at random and resume:
 * each map that any of them had is the log's own of its seq. */
async function randomly(server, seconds, { kill = false } = {}) {
  const random = new Random(SEED + seconds);
  const world = new World(server);
  await world.attach();
  const concert = await world.concert({ grades: [{ name: 'A', price: 1, rows: [20, 20, 20] }, { name: 'B', price: 2, seats: 40 }], holdSeconds: 10 });
  const users = await Promise.all(Array.from({ length: 4 }, () => world.user({ points: 1_000_000 })));
  const watchers = Array.from({ length: 6 }, () => ({ map: new LiveMap(), stream: null, resumed: 0 }));
  const until = Date.now() + seconds * 1000;
  let stopped = false;

  const act = async (one) => {
    const orders = [];
    const holds = [];
    while (Date.now() < until && !stopped) {
      const seats = random.distinct(random.between(1, 4), 100);
      const what = random.below(6);
      let answer = null;
      if (what <= 1)
        answer = await one.client.post('/v1/orders', { concertId: concert.id, seats });
      else if (what === 2)
        answer = await one.client.post(`/v1/concerts/${concert.id}/holds`, { seats });
      else if (what === 3 && holds.length > 0)
        answer = await one.client.request('DELETE', `/v1/holds/${holds.pop()}`);
      else if (what === 4 && holds.length > 0)
        answer = await one.client.post('/v1/orders', { holdId: holds.pop() });
      else if (orders.length > 0)
        answer = await one.client.post(`/v1/orders/${orders.shift()}/cancel`, {});
      if (answer?.status === 201)
        (answer.body.holdId ? holds : orders).push(answer.body.holdId ?? answer.body.id);
      await sleep(random.below(20));
    }
  };
  const look = async (one) => {
    while (Date.now() < until && !stopped) {
      one.stream ??= await watch(world, concert, { lastId: one.map.seq });
      one.resumed++;
      const leave = Date.now() + random.below(800);
      while (Date.now() < leave && !stopped) {
        one.stream.pump();
        while (one.stream.used < one.stream.events.length)
          one.map.take(one.stream.events[one.stream.used++]);
        await one.stream.raw.changed(Date.now() + 50);
      }
      if (random.chance(0.7)) {
        one.stream.close();
        one.stream = null;
      }
    }
  };
  const work = Promise.allSettled([...users.map(act), ...watchers.map(look)]);
  if (kill) {
    await sleep(seconds * 500);
    stopped = true;
    await server.kill();
  }
  const ends = await work;
  if (!kill)
    for (const end of ends)
      assert.equal(end.status, 'fulfilled', end.reason);
  return { world, concert, watchers };
}

/* They all resume, and come to the present map. */
async function settle({ world, concert, watchers }) {
  const now = await world.seats(concert.id);
  for (const one of watchers) {
    one.stream?.close();
    one.stream = await watch(world, concert, { lastId: one.map.seq });
    while (one.map.seq !== now.seq)
      one.map.take(await one.stream.next());
    assert.equal(one.map.status, now.status);
    assert.ok(!one.map.kinds.includes('reset'), one.map.kinds.join());
    one.stream.close();
  }
}

function judge(events, { concert, watchers }) {
  const truth = new TrueMaps(events, concert.id, 100);
  let seen = 0;
  for (const { map } of watchers)
    for (const { seq, status } of map.seen) {
      assert.equal(status, truth.at(seq), `the map of seq ${seq}`);
      seen++;
    }
  return { seen, changes: truth.changes.length };
}

describe('live maps are true at every seq', () => {
  for (const threads of ['1', '2'])
    it(`random users, watchers who come and go, ${threads} loops (seed ${SEED})`, async () => {
      const server = await startServer({ args: process.env.SP_IO_THREADS ? [] : ['--io-threads', threads] });
      const run = await randomly(server, 12);
      await settle(run);
      await run.world.stopServer();
      const { seen, changes } = judge(await dumpLog(server.data), run);
      assert.ok(seen > 200 && changes > 200, `${seen} maps of ${changes} seen`);
      for (const { map, resumed } of run.watchers)
        assert.ok(map.kinds[0] === 'map' && resumed > 5);
      dropDirectory(server.data);
    });

  it('they go on behind a crash, exactly where they were', async () => {
    const server = await startServer();
    const run = await randomly(server, 4, { kill: true });
    for (const one of run.watchers)
      one.stream = null;
    const again = await startServer({ data: server.data });
    run.world.connect(again);
    await settle(run);
    await run.world.stopServer();
    const { seen } = judge(await dumpLog(server.data), run);
    assert.ok(seen > 20, `${seen} maps seen`);
    dropDirectory(server.data);
  });
});

describe('the end of a stream of seats', () => {
  it('a server that stops says when to come back, at different times', async () => {
    const world = await World.start();
    const concert = await world.concert();
    const streams = await Promise.all(Array.from({ length: 20 }, () => watch(world, concert)));
    for (const stream of streams)
      await stream.next();
    await world.stop();
    const retries = new Set();
    for (const stream of streams) {
      await stream.untilClosed();
      assert.equal(stream.raw.reset, false);
      assert.equal(stream.retries.length, 2);
      assert.ok(stream.retries[1] >= 1000 && stream.retries[1] <= 5000);
      retries.add(stream.retries[1]);
    }
    assert.ok(retries.size > 5);
  });
});
