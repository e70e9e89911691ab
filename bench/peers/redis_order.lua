-- SPDX-License-Identifier: MIT
--
-- One order of one seat, as our engine does it: user known, concert known,
-- seat known, seat limit, seat free, points; then seat, points from buyer to
-- host, the count for the limit, the order's record.
--
--   EVALSHA sha 0 user concert seat  →  the order's id, or a named error
--
-- Keys: u:<user> points; c:<concert> hash of price, seats, host and limit;
-- s:<concert> a bit a seat; n:<concert> hash user → seats bought; orders, a
-- stream whose id is the order's. In Redis's favour: no sales window, no
-- idempotency, no chain, no look at the clock.
local user, concert, seat = ARGV[1], ARGV[2], ARGV[3]
local points = redis.call('GET', 'u:' .. user)
if not points then return redis.error_reply('user_unknown') end
local facts = redis.call('HMGET', 'c:' .. concert, 'price', 'seats', 'host', 'limit')
if not facts[1] then return redis.error_reply('concert_unknown') end
if tonumber(seat) >= tonumber(facts[2]) then return redis.error_reply('seat_unknown') end
local bought = redis.call('HGET', 'n:' .. concert, user)
if bought and tonumber(bought) >= tonumber(facts[4]) then return redis.error_reply('seat_limit') end
if redis.call('GETBIT', 's:' .. concert, seat) == 1 then return redis.error_reply('seat_taken') end
local price = facts[1]
if tonumber(points) < tonumber(price) then return redis.error_reply('insufficient_points') end
redis.call('SETBIT', 's:' .. concert, seat, 1)
redis.call('DECRBY', 'u:' .. user, price)
redis.call('INCRBY', 'u:' .. facts[3], price)
redis.call('HINCRBY', 'n:' .. concert, user, 1)
local id = redis.call('XADD', 'orders', '0-*', 'u', user, 'c', concert, 's', seat, 'p', price)
return tonumber(string.sub(id, 3))
