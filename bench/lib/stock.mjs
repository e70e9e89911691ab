/* SPDX-License-Identifier: MIT
 *
 * What is on sale in a measurement, the same for every system: who has how much,
 * and how many seats there are. `stagepick bench fill` makes its directories so.
 */

/** Points of every user, price of every seat, seats a user may have at one
 * concert: the constants of bench/bench_fill.c. */
export const USER_POINTS = 1000000000;
export const PRICE = 10;
export const SEAT_LIMIT = 1000;

/** Stocks are the options of `bench fill` by name: orders are sold already, and
 * churn is orders that were sold and cancelled, two events each.
 *
 * The canonical stock: 10 million seats, the program's limit. Order i is for
 * concert i mod 1,000, by user i mod 10,000: each user meets one concert only
 * and has 1,000 seats of it at the end, just the limit. */
export const STOCK = { users: 10000, concerts: 1000, seats: 10000, orders: 0, churn: 0 };

/** The ids that a fill of an empty directory gives. */
export function numbered(stock) {
  return { ...stock, host: 1, firstUser: 2, firstConcert: 1 };
}

export function seatsOf(stock) {
  return stock.concerts * stock.seats - stock.orders;
}
