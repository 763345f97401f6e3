-- Keep-alives of many tokens, one after the other; for servers with cookies, of many sessions. Of the
-- kind "ask" they are questions, of the kind "preflight" what a browser asks before a keep-alive.
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do
  tokens[#tokens + 1] = line
end
local kind = os.getenv("KIND")
local body = '{"age_ms":0,"counts":{"keystrokes":1,"clicks":0,"heartbeats":0,"notes":0},'
  .. '"contexts":1,"holds":[],"agent":"bench"}'
local at = 0

-- Each thread begins elsewhere.
local threads = 0
function setup(thread)
  thread:set("first", threads)
  threads = threads + 1
end

function init()
  at = math.floor(first * #tokens / 2)
end

function request()
  at = at % #tokens + 1
  if kind == "cookie" then
    return wrk.format("GET", "/touch", { Cookie = tokens[at] })
  end
  if kind == "ask" then
    return wrk.format("GET", "/v1/session", { Authorization = "Bearer " .. tokens[at] })
  end
  if kind == "preflight" then
    return wrk.format("OPTIONS", "/v1/keepalive", {
      Origin = "http://localhost",
      ["Access-Control-Request-Method"] = "POST",
      ["Access-Control-Request-Headers"] = "authorization,content-type",
    })
  end
  local headers = { Authorization = "Bearer " .. tokens[at], ["Content-Type"] = "application/json" }
  return wrk.format("POST", "/v1/keepalive", headers, body)
end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("RESULT %d %d %.3f %.3f %d\n", summary.requests, summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, bad))
end
