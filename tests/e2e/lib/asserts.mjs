/* SPDX-License-Identifier: MIT
 *
 * What every answer, and every refusal, has to look like.
 */
import assert from 'node:assert/strict';

/* The codes that a client may simply try again (design, section 6). */
const RETRYABLE = new Set(['request_timeout', 'rate_limited', 'queue_full', 'busy', 'starting', 'stopping', 'outcome_unknown']);

/** Checks a refusal's whole form and returns its body. */
export function assertProblem(answer, status, code) {
  const body = answer.body && !Buffer.isBuffer(answer.body) ? answer.body : answer.json;
  const shown = `${answer.status} ${JSON.stringify(body)}`;
  assert.equal(answer.status, status, `wanted ${status} ${code}, got ${shown}`);
  assert.ok(body, `no JSON body: ${answer.text ?? answer.body}`);
  assert.equal(body.code, code, `wanted ${code}, got ${shown}`);
  assert.match(answer.headers['content-type'], /^application\/problem\+json(;|$)/);
  assert.equal(body.type, `urn:stagepick:${code}`);
  assert.equal(body.status, status);
  assert.equal(typeof body.title, 'string');
  assert.ok(body.title.length > 0);
  assert.equal(typeof body.detail, 'string', `no detail: ${shown}`);
  assert.equal(body.requestId, answer.headers['x-request-id'], 'requestId and X-Request-Id differ');
  if (RETRYABLE.has(code))
    assert.match(answer.headers['retry-after'] ?? '', /^\d+$/, `${code} without Retry-After`);
  else
    assert.equal(answer.headers['retry-after'], undefined, `${code} is final, but has Retry-After`);
  if (status === 401)
    assert.match(answer.headers['www-authenticate'] ?? '', /^Bearer/, `${code} without WWW-Authenticate`);
  return body;
}

/** A validation_failed that lists exactly these fields, in any order. */
export function assertInvalid(answer, fields) {
  const body = assertProblem(answer, 422, 'validation_failed');
  assert.ok(Array.isArray(body.errors), `no errors: ${answer.text}`);
  for (const error of body.errors) {
    assert.equal(typeof error.field, 'string');
    assert.match(error.code, /^[a-z_]+$/);
    assert.equal(typeof error.detail, 'string');
  }
  const named = [...new Set(body.errors.map((error) => error.field))].sort();
  assert.deepEqual(named, [...fields].sort(), answer.text);
  return body;
}

/** Ids are decimal strings. */
export function assertId(id) {
  assert.equal(typeof id, 'string', `an id is a string: ${JSON.stringify(id)}`);
  assert.match(id, /^[1-9]\d*$/);
}

export function assertTime(text) {
  assert.equal(typeof text, 'string');
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, `not RFC 3339 UTC: ${text}`);
  return Date.parse(text);
}

/** Exactly these fields, so that nothing private slips into an answer. */
export function assertFields(object, fields) {
  assert.deepEqual(Object.keys(object).sort(), [...fields].sort());
}
