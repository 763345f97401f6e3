-- KEYS: positions, numbers. ARGV: reader, name of the log. Answers the reader's position.
local position = redis.call('HGET', KEYS[1], ARGV[1])
if not position then
  position = redis.call('HGET', KEYS[2], ARGV[2]) or '0'
  redis.call('HSET', KEYS[1], ARGV[1], position)
end
return position
