-- Registers new tokens, each of a user of its own.
local from = tonumber(os.getenv("FROM"))
local admin = os.getenv("ADMIN")
local threads = 0
local at = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

function request()
  at = at + 1
  local name = from .. "-" .. number .. "-" .. at
  local body = '{"token":"bench-million-' .. name .. '","user":"user-' .. name .. '"}'
  local headers = { Authorization = "Bearer " .. admin, ["Content-Type"] = "application/json" }
  return wrk.format("POST", "/v1/sessions", headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %.3f %.3f %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
