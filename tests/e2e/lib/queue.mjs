/* SPDX-License-Identifier: MIT
 *
 * Orders by the queue, from a client's side: accepted, looked at, and told by their
 * stream.
 */
import assert from 'node:assert/strict';

import { EventStream } from './events.mjs';
import { expectStatus } from './world.mjs';

const JOB = /^[0-9a-f]{32}$/;

/** POSTs and checks the 202. */
export async function enqueue(who, body, options = {}) {
  const answer = await who.client.post('/v1/orders/queue', body, options);
  expectStatus(answer, 202);
  const { jobId, streamUrl } = answer.body;
  assert.match(jobId, JOB);
  assert.deepEqual(Object.keys(answer.body), ['jobId', 'streamUrl']);
  assert.equal(answer.headers.location, `/v1/jobs/${jobId}`);
  assert.ok(streamUrl.startsWith(`/v1/jobs/${jobId}/stream?ticket=`), streamUrl);
  return { ...answer.body, replayed: answer.headers['idempotency-replayed'] === 'true', requestId: answer.headers['x-request-id'] };
}

export const look = async (who, job) => expectStatus(await who.client.get(`/v1/jobs/${job.jobId}`), 200);

/** What it became, by its stream: exactly one orderEnd, which ends it. */
export async function outcome(world, job, options = {}) {
  const stream = await EventStream.open(world.server, options.token ? `/v1/jobs/${job.jobId}/stream` : job.streamUrl, options);
  assert.equal(stream.status, 200, stream.text);
  assert.match(stream.headers['content-type'], /^text\/event-stream/);
  assert.equal(stream.headers['cache-control'], 'no-store');
  const { data } = await stream.first('orderEnd');
  await stream.ended;
  const names = stream.events.map(({ event }) => event).join();
  assert.match(names, /^(waiting,)?orderEnd$/);
  for (const event of stream.events)
    assert.equal(event.data.jobId, job.jobId);
  return data;
}

/** The same by GET. */
export async function done(world, who, job) {
  const told = await outcome(world, job);
  assert.equal(told.status, 'done');
  assert.deepEqual(await look(who, job), told, 'GET and the stream differ');
  return told;
}

/** It ended in this problem, which is returned. */
export async function failure(world, who, job, status, code) {
  const told = await done(world, who, job);
  assert.equal(told.success, false, JSON.stringify(told));
  assert.equal(told.order, undefined);
  const { error } = told;
  assert.equal(error.code, code, JSON.stringify(error));
  assert.equal(error.status, status);
  assert.equal(error.type, `urn:stagepick:${code}`);
  assert.ok(error.title && error.detail);
  assert.equal(error.requestId, job.requestId, 'not of the request that it came with');
  return error;
}

/** It ended in an order, which is returned. */
export async function success(world, who, job) {
  const told = await done(world, who, job);
  assert.equal(told.success, true, JSON.stringify(told));
  assert.equal(told.error, undefined);
  assert.deepEqual(told.order, expectStatus(await who.client.get(`/v1/orders/${told.order.id}`), 200));
  return told.order;
}
