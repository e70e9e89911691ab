-- SPDX-License-Identifier: MIT
--
-- What wrk counted, as a line of JSON; `status` are answers of 400 and above.
function done(summary)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"durationUs":%d,"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}\n',
    summary.requests, summary.duration, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
