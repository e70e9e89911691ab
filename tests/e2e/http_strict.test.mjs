/* SPDX-License-Identifier: MIT
 *
 * Strictness: requests that two parsers could read in two ways are refused,
 * the connection is closed, and what was smuggled behind or inside them is
 * never done. Each attack carries a request of an ADMIN that would make a
 * category: none may ever be there.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { assertProblem } from './lib/asserts.mjs';
import { Raw } from './lib/raw.mjs';
import { World, expectStatus } from './lib/world.mjs';

const MALFORMED = [400, 'malformed_request'];
const get = (line, headers = 'Host: x\r\n') => `${line}\r\n${headers}\r\n`;
const post = (headers, body = '') => `POST /v1/categories HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}\r\n${body}`;

/* [name, bytes, status and code]; SMUGGLED stands for the other request. */
const REFUSED = [
  /* framing: the classics */
  ['Content-Length and Transfer-Encoding', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nSMUGGLED'), MALFORMED],
  ['Transfer-Encoding and Content-Length', post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', '0\r\n\r\nSMUGGLED'), MALFORMED],
  ['two Content-Length', post('Content-Length: 0\r\nContent-Length: 400\r\n', 'SMUGGLED'), MALFORMED],
  ['two equal Content-Length', post('Content-Length: 2\r\nContent-Length: 2\r\n', '{}SMUGGLED'), MALFORMED],
  ['Content-Length list', post('Content-Length: 2, 2\r\n', '{}SMUGGLED'), MALFORMED],
  ['Content-Length +2', post('Content-Length: +2\r\n', '{}SMUGGLED'), MALFORMED],
  ['Content-Length -0', post('Content-Length: -0\r\n', 'SMUGGLED'), MALFORMED],
  ['Content-Length in hex', post('Content-Length: 0x2\r\n', '{}SMUGGLED'), MALFORMED],
  ['Content-Length with an underscore', post('Content-Length: 1_0\r\n', '{}SMUGGLED'), MALFORMED],
  ['Content-Length 2.0', post('Content-Length: 2.0\r\n', '{}SMUGGLED'), MALFORMED],
  ['Content-Length in quotes', post('Content-Length: "2"\r\n', '{}SMUGGLED'), MALFORMED],
  ['empty Content-Length', post('Content-Length: \r\n', 'SMUGGLED'), MALFORMED],
  ['Content-Length of two words', post('Content-Length: 2 2\r\n', '{}SMUGGLED'), MALFORMED],
  ['Content-Length beyond 64 bits', post('Content-Length: 18446744073709551618\r\n', '{}SMUGGLED'), MALFORMED],
  ['a space before the colon', post('Content-Length : 400\r\n', 'SMUGGLED'), MALFORMED],
  ['a tab before the colon', post('Transfer-Encoding\t: chunked\r\n', '0\r\n\r\nSMUGGLED'), MALFORMED],
  ['a folded header', post('Content-Length: 0\r\nX: a\r\n  b\r\n', 'SMUGGLED'), MALFORMED],
  ['a folded Transfer-Encoding', post('Transfer-Encoding:\r\n chunked\r\n', '0\r\n\r\nSMUGGLED'), MALFORMED],
  ['a space before the first header', `GET /livez HTTP/1.1\r\n Host: x\r\n\r\nSMUGGLED`, MALFORMED],
  ['unknown coding', post('Transfer-Encoding: gzip\r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['coding chain', post('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['chunked twice', post('Transfer-Encoding: chunked, chunked\r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['chunked in two headers', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['chunked and identity', post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['identity', post('Transfer-Encoding: identity\r\n', 'SMUGGLED'), [501, 'transfer_coding_unknown']],
  ['xchunked', post('Transfer-Encoding: xchunked\r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['chunked in quotes', post('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['chunked with a control byte', post('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\nSMUGGLED'), MALFORMED],
  ['empty Transfer-Encoding', post('Transfer-Encoding: \r\n', '0\r\n\r\nSMUGGLED'), [501, 'transfer_coding_unknown']],
  ['chunked in HTTP/1.0', 'POST /v1/categories HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nSMUGGLED', MALFORMED],
  /* chunks */
  ['chunk size in 0x', post('Transfer-Encoding: chunked\r\n', '0x0\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk size +0', post('Transfer-Encoding: chunked\r\n', '+0\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk size -1', post('Transfer-Encoding: chunked\r\n', '-1\r\n\r\nSMUGGLED'), MALFORMED],
  ['no chunk size', post('Transfer-Encoding: chunked\r\n', '\r\n\r\nSMUGGLED'), MALFORMED],
  ['a blank before the chunk size', post('Transfer-Encoding: chunked\r\n', ' 0\r\n\r\nSMUGGLED'), MALFORMED],
  ['a blank behind the chunk size', post('Transfer-Encoding: chunked\r\n', '0 \r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk extension', post('Transfer-Encoding: chunked\r\n', '0;a=b\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk extension with a bare LF', post('Transfer-Encoding: chunked\r\n', '2;\n{}\r\n0\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk size ended by a bare LF', post('Transfer-Encoding: chunked\r\n', '2\n{}\r\n0\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk ended by a bare LF', post('Transfer-Encoding: chunked\r\n', '2\r\n{}\n0\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk longer than stated', post('Transfer-Encoding: chunked\r\n', '1\r\n{}\r\n0\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk size of 9 digits', post('Transfer-Encoding: chunked\r\n', '000000000\r\n\r\nSMUGGLED'), MALFORMED],
  ['chunk size beyond 64 bits', post('Transfer-Encoding: chunked\r\n', '10000000000000002\r\n{}\r\n0\r\n\r\nSMUGGLED'), MALFORMED],
  ['body ended by a bare LF', post('Transfer-Encoding: chunked\r\n', '0\r\n\nSMUGGLED'), MALFORMED],
  ['Content-Length in a trailer', post('Transfer-Encoding: chunked\r\n', '0\r\nContent-Length: 5\r\n\r\nSMUGGLED'), MALFORMED],
  ['Transfer-Encoding in a trailer', post('Transfer-Encoding: chunked\r\n', '0\r\nTransfer-Encoding: chunked\r\n\r\nSMUGGLED'), MALFORMED],
  ['a folded trailer', post('Transfer-Encoding: chunked\r\n', '0\r\nA: b\r\n c\r\n\r\nSMUGGLED'), MALFORMED],
  /* line ends and bytes */
  ['bare LF everywhere', 'GET /livez HTTP/1.1\nHost: x\n\nSMUGGLED', MALFORMED],
  ['bare LF behind the request line', 'GET /livez HTTP/1.1\nHost: x\r\n\r\nSMUGGLED', MALFORMED],
  ['bare LF behind a header', 'GET /livez HTTP/1.1\r\nHost: x\nX: y\r\n\r\nSMUGGLED', MALFORMED],
  ['bare LF as the empty line', 'GET /livez HTTP/1.1\r\nHost: x\r\n\nSMUGGLED', MALFORMED],
  ['bare CR in a header', 'GET /livez HTTP/1.1\r\nHost: x\r\nX: a\rTransfer-Encoding: chunked\r\n\r\nSMUGGLED', MALFORMED],
  ['bare CR behind the request line', 'GET /livez HTTP/1.1\rHost: x\r\n\r\nSMUGGLED', MALFORMED],
  ['CR CR LF', 'GET /livez HTTP/1.1\r\r\nHost: x\r\n\r\nSMUGGLED', MALFORMED],
  ['NUL in a header', 'GET /livez HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\nSMUGGLED', MALFORMED],
  ['NUL in the target', 'GET /livez\0 HTTP/1.1\r\nHost: x\r\n\r\nSMUGGLED', MALFORMED],
  ['a control byte in a header', 'GET /livez HTTP/1.1\r\nHost: x\r\nX: a\x01b\r\n\r\nSMUGGLED', MALFORMED],
  ['two empty lines first', `\r\n\r\n${get('GET /livez HTTP/1.1')}SMUGGLED`, MALFORMED],
  /* request line */
  ['no version', get('GET /livez'), MALFORMED],
  ['two spaces', get('GET  /livez HTTP/1.1'), MALFORMED],
  ['a tab for a space', get('GET\t/livez HTTP/1.1'), MALFORMED],
  ['a space behind the version', get('GET /livez HTTP/1.1 '), MALFORMED],
  ['a space first', get(' GET /livez HTTP/1.1'), MALFORMED],
  ['three words of target', get('GET /livez /x HTTP/1.1'), MALFORMED],
  ['HTTP/1.2', get('GET /livez HTTP/1.2'), [505, 'http_version']],
  ['HTTP/2.0', get('GET /livez HTTP/2.0'), [505, 'http_version']],
  ['HTTP/0.9', get('GET /livez HTTP/0.9'), [505, 'http_version']],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', [505, 'http_version']],
  ['HTTP/1.10', get('GET /livez HTTP/1.10'), MALFORMED],
  ['HTTP/01.1', get('GET /livez HTTP/01.1'), MALFORMED],
  ['http/1.1', get('GET /livez http/1.1'), MALFORMED],
  ['ICE/1.1', get('SOURCE /livez ICE/1.1'), MALFORMED],
  ['RTSP/1.0', get('DESCRIBE /livez RTSP/1.0'), MALFORMED],
  ['a fragment', get('GET /livez#x HTTP/1.1'), MALFORMED],
  ['a byte beyond ASCII in the target', get('GET /livez/\xe9 HTTP/1.1'), MALFORMED],
  ['a target without a slash', get('GET livez HTTP/1.1'), MALFORMED],
  ['an asterisk for a GET', get('GET * HTTP/1.1'), MALFORMED],
  ['https in the target', get('GET https://x/livez HTTP/1.1'), MALFORMED],
  ['user information in the target', get('GET http://a:b@x/livez HTTP/1.1'), MALFORMED],
  ['not HTTP at all', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', MALFORMED],
  /* methods */
  ['SOURCE', get('SOURCE /livez HTTP/1.1'), [405, 'method_not_allowed']],
  ['TRACE', get('TRACE /livez HTTP/1.1'), [405, 'method_not_allowed']],
  ['CONNECT', get('CONNECT x:80 HTTP/1.1'), [405, 'method_not_allowed']],
  ['get in lower case', get('get /livez HTTP/1.1'), [405, 'method_not_allowed']],
  ['M-SEARCH', get('M-SEARCH /livez HTTP/1.1'), [405, 'method_not_allowed']],
  /* headers */
  ['no Host', get('GET /livez HTTP/1.1', ''), MALFORMED],
  ['two Host', get('GET /livez HTTP/1.1', 'Host: x\r\nHost: x\r\n'), MALFORMED],
  ['a Host with a space', get('GET /livez HTTP/1.1', 'Host: x y\r\n'), MALFORMED],
  ['a Host with a path', get('GET /livez HTTP/1.1', 'Host: x/y\r\n'), MALFORMED],
  ['a Host with a user', get('GET /livez HTTP/1.1', 'Host: a@x\r\n'), MALFORMED],
  ['an empty Host', get('GET /livez HTTP/1.1', 'Host:\r\n'), MALFORMED],
  ['a header without a colon', get('GET /livez HTTP/1.1', 'Host: x\r\nX\r\n'), MALFORMED],
  ['a header without a name', get('GET /livez HTTP/1.1', 'Host: x\r\n: x\r\n'), MALFORMED],
  ['a header name with a byte beyond ASCII', get('GET /livez HTTP/1.1', 'Host: x\r\nX\xe9: x\r\n'), MALFORMED],
  ['two Authorization', get('GET /v1/users/me HTTP/1.1', 'Host: x\r\nAuthorization: Bearer a\r\nAuthorization: Bearer b\r\n'), MALFORMED],
  ['two Idempotency-Key', get('GET /livez HTTP/1.1', 'Host: x\r\nIdempotency-Key: a\r\nIdempotency-Key: b\r\n'), MALFORMED],
  ['two Content-Type', post('Content-Type: text/plain\r\nContent-Length: 2\r\n', '{}'), MALFORMED],
  ['another expectation', get('GET /livez HTTP/1.1', 'Host: x\r\nExpect: 200-ok\r\n'), MALFORMED],
];

/* Unusual, and yet right. */
const ACCEPTED = [
  ['one empty line first', '\r\nGET /livez HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['absolute form', 'GET http://x:80/livez HTTP/1.1\r\nHost: y\r\n\r\n'],
  ['blanks round a value', 'GET /livez HTTP/1.1\r\nHost: \t x \t\r\n\r\n'],
  ['no blank behind the colon', 'GET /livez HTTP/1.1\r\nHost:x\r\n\r\n'],
  ['an empty value', 'GET /livez HTTP/1.1\r\nHost: x\r\nX:\r\n\r\n'],
  ['bytes beyond ASCII in a value', 'GET /livez HTTP/1.1\r\nHost: x\r\nX: \xe9\r\n\r\n'],
  ['names in any case', 'GET /livez HTTP/1.1\r\nhOST: x\r\ncontent-LENGTH: 0\r\n\r\n'],
  ['an upgrade that is not taken', 'GET /livez HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n'],
  ['an IPv6 host', 'GET /livez HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n'],
  ['a query nobody reads', 'GET /livez? HTTP/1.1\r\nHost: x\r\n\r\n'],
];

describe('strict HTTP', () => {
  let world;
  let smuggled;
  before(async () => {
    world = await World.start();
    const body = '{"name":"smuggled"}';
    smuggled = `POST /v1/categories HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.admin.token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
  after(async () => { await world?.stop(); });

  async function assertNothingSmuggled() {
    const { items } = expectStatus(await world.client.get('/v1/categories?limit=100'), 200);
    assert.ok(!items.some((item) => item.name === 'smuggled'), 'the second request was done');
  }

  it('the smuggled request would work by itself', async () => {
    const probe = await World.start();
    const raw = await Raw.connect(probe.server);
    raw.send(smuggled.replace(world.admin.token, probe.admin.token));
    assert.equal((await raw.answer()).status, 201);
    raw.destroy();
    await probe.stop();
  });

  for (const [name, bytes, [status, code]] of REFUSED)
    for (const cut of [false, true])
      it(`refused${cut ? ', cut in two' : ''}: ${name}`, async () => {
        const raw = await Raw.connect(world.server);
        const text = bytes.includes('SMUGGLED') ? bytes.replace('SMUGGLED', smuggled) : `${bytes}${smuggled}`;
        if (cut) {
          /* The answer depends on the bytes, never on how they were cut. */
          const at = Math.floor(bytes.length / 2);
          raw.send(text.slice(0, at));
          await new Promise((resolve) => setTimeout(resolve, 3));
          raw.send(text.slice(at));
        } else {
          raw.send(text);
        }
        const head = /^\s*HEAD /.test(bytes);
        const answer = await raw.answer({ head });
        assertProblem(answer, status, code);
        assert.equal(answer.headers.connection, 'close');
        assert.equal(answer.headers.allow !== undefined, status === 405, 'Allow belongs to a 405, and to nothing else');
        assert.equal(await raw.answer(), null, 'there was a second answer');
        await assertNothingSmuggled();
      });

  for (const [name, bytes] of ACCEPTED)
    it(`accepted: ${name}`, async () => {
      const raw = await Raw.connect(world.server);
      assert.equal((await raw.send(bytes).answer()).status, 200);
      assert.equal((await raw.send('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n').answer()).status, 200);
      raw.destroy();
    });

  it('a body that is a request stays a body', async () => {
    const raw = await Raw.connect(world.server);
    raw.send(post(`Authorization: Bearer ${world.admin.token}\r\nContent-Length: ${smuggled.length}\r\n`, smuggled));
    assertProblem(await raw.answer(), 400, 'malformed_body');
    raw.send(`GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`);
    assert.equal((await raw.answer()).status, 200);
    assert.deepEqual(await raw.end().answersUntilClose(), []);
    await assertNothingSmuggled();
  });

  it('a whole request before the bad one is answered first', async () => {
    const raw = await Raw.connect(world.server);
    raw.send(`GET /livez HTTP/1.1\r\nHost: x\r\n\r\n${REFUSED[0][1].replace('SMUGGLED', smuggled)}`);
    assert.equal((await raw.answer()).status, 200);
    assertProblem(await raw.answer(), 400, 'malformed_request');
    assert.equal(await raw.answer(), null);
    await assertNothingSmuggled();
  });
});
