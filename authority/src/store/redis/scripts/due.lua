-- KEYS: deadlines. ARGV: now, when those that are taken are due again, how many at most, what the
-- names of records begin with. Answers the ids that were taken.
local taken = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[3])) do
  if redis.call('EXISTS', ARGV[4] .. id) == 1 then
    redis.call('ZADD', KEYS[1], ARGV[2], id)
    taken[#taken + 1] = id
  else
    -- A record that was deleted by hand must not come up for ever.
    redis.call('ZREM', KEYS[1], id)
  end
end
return taken
