-- KEYS: policies. ARGV: the least version. Answers the hash.
-- Compared as texts: a number in here is exact up to 2^53 only.
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if #ARGV[1] > #version or (#ARGV[1] == #version and ARGV[1] > version) then
  redis.call('HSET', KEYS[1], 'version', ARGV[1])
end
return redis.call('HGETALL', KEYS[1])
