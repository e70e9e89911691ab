/* SPDX-License-Identifier: MIT
 *
 * Growth: the same load on servers that have more concerts, users or events.
 */
import { loadServer } from './loads.mjs';
import { Listener, logVerify } from './stagepick.mjs';

/* So many orders after a second of warm-up, and not so many seconds: the largest
 * concert has 200,000 seats. Base: 999 users and 1,000 concerts have no common
 * divisor, so that the orders of a kept directory never meet a user's limit. */
const REQUESTS_MAX = 100000;
const REQUESTS_PER_S = 33000;

/** Each differs from the first in one thing alone. With the host there are a
 * thousand users, or a million. */
export function growthStock(variant, small) {
  const base = { users: 999, concerts: 1000, seats: 10000, orders: 0, churn: 0 };
  return {
    base,
    concerts: { ...base, concerts: 1, seats: 200000 },
    users: { ...base, users: small ? 99999 : 999999 },
    events: { ...base, churn: small ? 500000 : 10000000 },
  }[variant];
}

/** A directory of millions is kept, and its server too: it sleeps while the
 * others are measured, and the next load goes on where the last one ended. */
export async function measureGrowth(step, context) {
  const { small, seconds, warmup } = context.options;
  const stock = growthStock(step.variant, small);
  const server = await growthServer(step, stock, context);
  const more = {
    from: server.next, seconds: undefined, requests: Math.min(REQUESTS_MAX, REQUESTS_PER_S * seconds), warmup: Math.min(1, warmup),
  };
  try {
    const sample = await loadServer(step, context, { stock, dir: server.filled.dir, server: server.listener, more });
    server.next += sample.orders;
    return { ...sample, stock };
  } finally {
    if (!server.kept)
      await endGrowthServer(server, context);
  }
}

async function growthServer({ variant }, stock, context) {
  const kept = context.held.get(variant);
  if (kept)
    return kept;
  const isLarge = variant === 'users' || variant === 'events';
  const filled = isLarge ? await context.directories.template(stock) : await context.directories.filled(stock);
  const server = { filled, kept: isLarge, next: stock.orders, listener: await Listener.serve(context.options.program, filled.dir) };
  if (isLarge)
    context.held.set(variant, server);
  return server;
}

async function endGrowthServer({ filled, listener }, { options, directories }) {
  await listener.stop();
  await logVerify(options.program, filled.dir);
  directories.remove(filled.dir);
}

/** Ends and checks what growth has kept running. */
export async function endHeld(context) {
  for (const server of context.held.values())
    await endGrowthServer(server, context);
  context.held.clear();
}
