-- KEYS: policies, log, numbers. ARGV: version that the rule was made from, new version, scope,
-- name of the log, line, lines to keep, channel, message, text if there is one.
-- Answers 1, or the version as it stands if it is another.
local version = redis.call('HGET', KEYS[1], 'version') or '0'
if version ~= ARGV[1] then
  return version
end
redis.call('HSET', KEYS[1], 'version', ARGV[2])
if ARGV[9] then
  redis.call('HSET', KEYS[1], ARGV[3], ARGV[9])
else
  redis.call('HDEL', KEYS[1], ARGV[3])
end
append(KEYS[2], KEYS[3], ARGV[4], ARGV[5], ARGV[6])
redis.call('PUBLISH', ARGV[7], ARGV[8])
return 1
