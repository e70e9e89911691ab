/* SPDX-License-Identifier: MIT
 *
 * Access tokens taken apart and put together again, with the server's own key
 * where a test needs a token that is well signed and wrong otherwise.
 */
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** {header, payload, signature} of a token in compact form. */
export function takeApart(token) {
  const [header, payload, signature] = token.split('.');
  const decode = (part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  return { header: decode(header), payload: decode(payload), signature };
}

/** The secret in DIR/token.key. */
export function secretOf(data) {
  const text = fs.readFileSync(path.join(data, 'token.key'), 'utf8');
  return Buffer.from(/^secret ([0-9a-f]{64})$/m.exec(text)[1], 'hex');
}

/** header and payload: objects, or the very text to encode. */
export function sign(header, payload, secret) {
  const body = `${encode(header)}.${encode(payload)}`;
  return `${body}.${crypto.createHmac('sha256', secret).update(body).digest('base64url')}`;
}

export function unsigned(header, payload) {
  return `${encode(header)}.${encode(payload)}.`;
}
