/* SPDX-License-Identifier: MIT
 *
 * Seeded chance. Never seeded by time: the seed is SP_SEED or a constant, and
 * every test that uses one says which.
 */
export const SEED = Number(process.env.SP_SEED || 20240607);

/** mulberry32: small, and even enough for choosing moments and seats. */
export class Random {
  constructor(seed = SEED) {
    this.state = seed >>> 0;
  }

  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number in [0, n). */
  below(n) { return Math.floor(this.next() * n); }
  between(low, high) { return low + this.below(high - low + 1); }
  chance(p) { return this.next() < p; }
  pick(list) { return list[this.below(list.length)]; }

  /** `count` different whole numbers in [0, n), ascending. */
  distinct(count, n) {
    const chosen = new Set();
    while (chosen.size < count)
      chosen.add(this.below(n));
    return [...chosen].sort((a, b) => a - b);
  }
}
