/* SPDX-License-Identifier: MIT
 *
 * What becomes of a concert as time goes by. Apart from the other tests of the catalogue,
 * since a moved clock is a preloaded library, which sanitizers do not bear.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Clock, noClock } from './lib/clock.mjs';
import { World, expectStatus, iso } from './lib/world.mjs';

const pathOf = (concert) => `/v1/concerts/${concert.id}`;
const edit = (who, concert, body) => who.client.request('PATCH', pathOf(concert), body);
const cancel = (who, concert) => who.client.delete(pathOf(concert));
const pause = (who, concert) => who.client.post(`${pathOf(concert)}/pause`);
const resume = (who, concert) => who.client.post(`${pathOf(concert)}/resume`);

describe('a concert in time', { skip: noClock }, () => {
  it('UPCOMING, ON_SALE, CLOSED; PAUSED between; CANCELLED at last', async () => {
    const clock = new Clock('catalogue');
    const world = await World.start({ data: clock.data, env: clock.env });
    try {
      const now = Date.now();
      const concert = await world.concert({ startDate: iso(now + 60_000), endDate: iso(now + 120_000), concertDate: iso(now + 180_000) });
      const admin = { client: world.admin };
      const seen = async (status) => {
        const shown = expectStatus(await world.client.get(pathOf(concert)), 200);
        assert.equal(shown.status, status);
        assert.ok((status === 'UPCOMING') <= (shown.now < shown.startDate));
        assert.equal(expectStatus(await world.client.get('/v1/concerts'), 200).items[0].status, status);
      };
      await seen('UPCOMING');
      assert.equal(expectStatus(await pause(admin, concert), 200).status, 'PAUSED');
      clock.pass(61);
      await seen('PAUSED');
      assert.equal(expectStatus(await resume(admin, concert), 200).status, 'ON_SALE');
      await seen('ON_SALE');
      expectStatus(await pause(admin, concert), 200);
      clock.pass(60);
      await seen('CLOSED');
      assert.equal(expectStatus(await edit(admin, concert, { endDate: iso(now + 150_000) }), 200).status, 'PAUSED');
      clock.pass(60);
      await seen('CLOSED');
      assert.equal(expectStatus(await cancel(admin, concert), 200).status, 'CANCELLED');
      await seen('CANCELLED');
    } finally {
      await world.stop();
      clock.drop();
    }
  });
});
