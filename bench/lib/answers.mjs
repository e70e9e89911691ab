/* SPDX-License-Identifier: MIT
 *
 * How many bytes the server answers to an order, accepted and refused: a floor
 * that is compared with it writes as many.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadOptions } from './loads.mjs';
import { Listener, answerBytes, load } from './stagepick.mjs';
import { STOCK, numbered } from './stock.mjs';

/* Ids grow under a load: most of its orders have six digits. */
const ORDERS_BEFORE = 100000;
const ORDER_ASKED = 155500;

/** A filled directory of its own, with tokens of its users, in their order, in a
 * file: {dir, stat, file}. They are good for a few minutes only. */
export async function filledWithTokens(directories) {
  const file = join(directories.empty(), 'tokens');
  return { ...await directories.filled({ ...STOCK, tokens: file }), file };
}

/** {accepted, refused} in bytes, head and body; asked once a run. */
export function answerSizes(context) {
  context.answerSizes ??= ask(context);
  return context.answerSizes;
}

async function ask(context) {
  const { options, directories } = context;
  const { dir, file } = await filledWithTokens(directories);
  const server = await Listener.serve(options.program, dir);
  try {
    await load(options.program, loadOptions({ connections: 64, depth: 32 }, STOCK, context, {
      to: `127.0.0.1:${server.port}`, data: dir, workload: 'spread', seconds: undefined, warmup: 0, requests: ORDERS_BEFORE,
    }));
    const tokens = readFileSync(file, 'utf8').split('\n');
    const request = orderAt(ORDER_ASKED, tokens[ORDER_ASKED % STOCK.users]);
    return { accepted: await sizeOf(server, request, 201), refused: await sizeOf(server, request, 409) };
  } finally {
    await server.stop();
    directories.remove(dir);
  }
}

/* An order further on in the sequence, whose ids are as long as most. */
function orderAt(index, token) {
  const { firstConcert, concerts } = numbered(STOCK);
  const body = `{"concertId":"${firstConcert + (index % concerts)}","seats":[${Math.floor(index / concerts)}]}`;
  return `POST /v1/orders HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nAuthorization: Bearer ${token}\r\n` +
    `Content-Length: ${body.length}\r\n\r\n${body}`;
}

async function sizeOf(server, request, status) {
  const { bytes, head } = await answerBytes(server.port, request);
  if (!head.startsWith(`HTTP/1.1 ${status} `))
    throw new Error(`an order was to be answered with ${status}: ${head}`);
  return bytes;
}
