/* SPDX-License-Identifier: MIT
 *
 * How a job ends where its concert, its hold or its user is not what he was when it was
 * accepted: the outcome is what POST /v1/orders would say at that moment.
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Clock, noClock } from './lib/clock.mjs';
import { Disk } from './lib/disk.mjs';
import { EventStream } from './lib/events.mjs';
import { DISK_SHIM } from './lib/program.mjs';
import { enqueue, failure, look, success } from './lib/queue.mjs';
import { World, expectStatus, iso } from './lib/world.mjs';

const pathOf = (concert) => `/v1/concerts/${concert.id}`;

describe('jobs end as the state says', () => {
  let world;
  let user;
  let host;
  before(async () => {
    world = await World.start();
    user = await world.user({ points: 1_000_000 });
    host = await world.user({ role: 'HOST' });
  });
  after(async () => { await world?.stop(); });

  const order = (who, concert, body = {}) => enqueue(who, { concertId: concert.id, seats: [0], ...body });
  const change = async (concert, what) => expectStatus(await host.client.post(`${pathOf(concert)}/${what}`), 200);

  it('paused, and resumed', async () => {
    const concert = await world.concert({}, host);
    const { holdId } = expectStatus(await world.hold(user, concert.id, [5, 6]), 201);
    await change(concert, 'pause');
    await failure(world, user, await order(user, concert), 409, 'sales_paused');
    await failure(world, user, await enqueue(user, { holdId }), 409, 'sales_paused');
    await change(concert, 'resume');
    await success(world, user, await order(user, concert));
    await success(world, user, await enqueue(user, { holdId }));
  });

  it('cancelled: orders and holds alike; who had one is told of it refunded', async () => {
    const concert = await world.concert({}, host);
    const sold = await order(user, concert, { seats: [3] });
    await success(world, user, sold);
    const { holdId } = expectStatus(await world.hold(user, concert.id, [5, 6]), 201);
    expectStatus(await host.client.delete(pathOf(concert)), 200);
    await failure(world, user, await order(user, concert), 409, 'concert_cancelled');
    await failure(world, user, await enqueue(user, { holdId }), 409, 'concert_cancelled');
    /* What was told of the job stays told. */
    assert.equal((await look(user, sold)).order.status, 'PAYMENT');
    const [newest] = await world.orders(user);
    assert.equal(newest.status, 'CANCEL');
  });

  it('closed, and not yet open', async () => {
    const now = Date.now();
    const closed = await world.concert({ startDate: iso(now - 7200_000), endDate: iso(now - 1000) }, host);
    await failure(world, user, await order(user, closed), 409, 'sales_closed');
    const later = await world.concert({ startDate: iso(now + 60_000) }, host);
    const told = await failure(world, user, await order(user, later), 409, 'sales_not_open');
    assert.equal(told.opensAt, later.startDate);
  });

  it('the limit of seats, with what he has', async () => {
    const concert = await world.concert({ maxSeatsPerUser: 2 }, host);
    await success(world, user, await order(user, concert));
    const told = await failure(world, user, await order(user, concert, { seats: [1, 2] }), 409, 'seat_limit');
    assert.deepEqual([told.max, told.have], [2, 1]);
    await success(world, user, await order(user, concert, { seats: [1] }));
  });

  it('a seat that would be left alone', async () => {
    const concert = await world.concert({ noOrphans: true }, host);
    const told = await failure(world, user, await order(user, concert, { seats: [1] }), 409, 'orphan_seat');
    assert.deepEqual(told.seats, [{ seat: 0, label: 'VIP 1-1' }]);
    await success(world, user, await order(user, concert, { seats: [0, 1] }));
  });

  it('no points: of as many as he has, none are taken', async () => {
    const concert = await world.concert({}, host);
    const poor = await world.user({ points: 129 });
    const told = await failure(world, poor, await order(poor, concert, { seats: [0, 10] }), 409, 'insufficient_points');
    assert.equal(told.points, 129);
    assert.equal(await world.points(poor), 129);
    await success(world, poor, await order(poor, concert));
    assert.equal(await world.points(poor), 29);
  });
});

describe('jobs end in time', { skip: noClock }, () => {
  it('an expired hold, and the end of sales', async () => {
    const clock = new Clock('queue');
    const world = await World.start({ data: clock.data, env: clock.env });
    try {
      const user = await world.user({ points: 1000 });
      const concert = await world.concert({ holdSeconds: 40, endDate: iso(Date.now() + 100_000) });
      const { holdId } = expectStatus(await world.hold(user, concert.id, [0]), 201);
      clock.pass(41);
      await failure(world, user, await enqueue(user, { holdId }), 409, 'hold_expired');
      await success(world, user, await enqueue(user, { concertId: concert.id, seats: [0] }));
      clock.pass(60);
      await failure(world, user, await enqueue(user, { concertId: concert.id, seats: [1] }), 409, 'sales_closed');
    } finally {
      await world.stop();
      clock.drop();
    }
  });
});

/* The disk does not flush: jobs wait in the batch behind, and what is decided before
 * them is decided, told or not. */
describe('jobs that wait while their concert is changed', { skip: fs.existsSync(DISK_SHIM) ? false : 'no disk shim' }, () => {
  for (const [what, code, send] of [
    ['paused', 'sales_paused', (world, concert) => world.admin.post(`${pathOf(concert)}/pause`)],
    ['cancelled', 'concert_cancelled', (world, concert) => world.admin.delete(pathOf(concert))],
  ])
    it(`${what}: whoever came before it bought, whoever came after it did not`, async () => {
      const disk = new Disk();
      const world = await World.start({ data: disk.data, env: disk.env, args: ['--io-threads', '2'] });
      try {
        const user = await world.user({ points: 1000 });
        const concert = await world.concert();
        disk.trouble('hold');
        const early = await enqueue(user, { concertId: concert.id, seats: [0] });
        const stream = await EventStream.open(world.server, early.streamUrl);
        await stream.first('waiting');
        const changed = send(world, concert);
        await new Promise((resolve) => setTimeout(resolve, 100)); /* it is in the queue by then */
        const late = await enqueue(user, { concertId: concert.id, seats: [1] });
        const streams = [stream, await EventStream.open(world.server, late.streamUrl)];
        await streams[1].first('waiting');
        for (const job of [early, late])
          assert.equal((await look(user, job)).status, 'waiting', 'told before the flush');
        disk.heal();
        expectStatus(await changed, 200);
        const [first, second] = await Promise.all(streams.map((one) => one.first('orderEnd')));
        assert.equal(first.data.success, true, JSON.stringify(first.data));
        assert.equal(first.data.order.status, 'PAYMENT');
        assert.equal(second.data.success, false);
        assert.equal(second.data.error.code, code);
        await failure(world, user, late, 409, code);
        const cancelled = what === 'cancelled';
        assert.equal(await world.points(user), cancelled ? 1000 : 900);
        assert.equal((await world.seats(concert.id)).status[0], cancelled ? '.' : 'x');
        assert.deepEqual((await world.orders(user)).map(({ status }) => status), [cancelled ? 'CANCEL' : 'PAYMENT']);
      } finally {
        disk.heal();
        await world.stop();
        disk.drop();
      }
    });
});
