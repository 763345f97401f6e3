-- Put in front of each script that writes to a log. A line's number is the first half of its id in
-- the stream; the counter outlives the lines that were trimmed.
local function append(log, numbers, name, line, keep)
  local number = redis.call('HINCRBY', numbers, name, 1)
  redis.call('XADD', log, 'MAXLEN', '=', keep, string.format('%d-0', number), 'line', line)
end
