/* SPDX-License-Identifier: MIT
 *
 * What a buyer's program looks like with a client that was generated from the
 * document of the interface (docs_client.test.mjs): typed through and through, down
 * to what a refusal carries. Prints what came of it as JSON.
 */
import createClient from 'openapi-fetch';

import type { components, paths } from './api.mjs';

declare const process: { argv: string[] };

const [, , baseUrl = '', email = '', password = ''] = process.argv;
const api = createClient<paths>({ baseUrl });

const session = await api.POST('/v1/auth/login', { body: { email, password } });
if (!session.data)
  throw new Error(`no session: ${session.error.code}`);
const { accessToken } = session.data;
api.use({ onRequest: ({ request }) => { request.headers.set('Authorization', `Bearer ${accessToken}`); } });

const list = await api.GET('/v1/concerts', { params: { query: { limit: 100 } } });
const concert = list.data?.items.find(({ status }) => status === 'ON_SALE');
if (!concert)
  throw new Error('nothing is on sale');

const map = await api.GET('/v1/concerts/{id}/seats', { params: { path: { id: concert.id } } });
const seat = map.data?.status.indexOf('.') ?? -1;
const buy = (key: string) => api.POST('/v1/orders', {
  params: { header: { 'Idempotency-Key': key } },
  body: { concertId: concert.id, seats: [seat] },
});
const bought = await buy('first');
const order: components['schemas']['Order'] | undefined = bought.data;
const again = await buy('second');

/* A refusal is known by its code, and by that what it says besides. */
function takenSeats(problem: typeof again.error): string[] {
  if (problem?.code === 'seat_taken')
    return problem.seats.map(({ label, state }) => `${label} ${state}`);
  if (problem?.code === 'sales_not_open')
    return [problem.opensAt];
  // @ts-expect-error: this code has no seats
  if (problem?.code === 'insufficient_points') return problem.seats;
  return [];
}

/* What the document does not have can not be written down. */
export const wrong = [
  // @ts-expect-error: ids are strings
  () => api.GET('/v1/orders/{id}', { params: { path: { id: 1 } } }),
  // @ts-expect-error: there is no such route
  () => api.GET('/v1/seats', {}),
  // @ts-expect-error: an order names seats
  () => api.POST('/v1/orders', { body: { concertId: '1' } }),
  // @ts-expect-error: a role that there is not
  () => api.PUT('/v1/users/{id}/role', { params: { path: { id: '1' } }, body: { role: 'GUEST' } }),
];

console.log(JSON.stringify({ seat, order, code: again.error?.code, taken: takenSeats(again.error) }));
