-- SPDX-License-Identifier: MIT
--
-- The workload `spread` for wrk, byte by byte what our load generator sends:
-- order i is for seat i / concerts of concert i mod concerts, by user i mod
-- users. One thread only, since each thread would begin at the same order.
--
--   wrk --threads 1 … --script wrk_order.lua URL -- TOKENS FROM CONCERT CONCERTS
--
-- TOKENS: a file of `bench fill --tokens`. Heads are made before, as ours are.
dofile(debug.getinfo(1, 'S').source:match('^@(.*/)') .. 'wrk_count.lua')

local heads = {}
local index, first_concert, concerts

function init(args)
  local host = wrk.host .. ':' .. wrk.port
  for token in io.lines(args[1]) do
    heads[#heads + 1] = 'POST /v1/orders HTTP/1.1\r\nHost: ' .. host ..
      '\r\nContent-Type: application/json\r\nAuthorization: Bearer ' .. token .. '\r\nContent-Length: '
  end
  index, first_concert, concerts = tonumber(args[2]), tonumber(args[3]), tonumber(args[4])
end

function request()
  local body = string.format('{"concertId":"%d","seats":[%d]}', first_concert + index % concerts, math.floor(index / concerts))
  local head = heads[index % #heads + 1]
  index = index + 1
  return head .. #body .. '\r\n\r\n' .. body
end
