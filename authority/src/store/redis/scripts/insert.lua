-- KEYS: record, deadlines, the user's set, the sign-in's set if there is one.
-- ARGV: value, id, due_at, channel, message. Answers 1, or 0 if the record is known.
if redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[2])
for at = 3, #KEYS do
  redis.call('SADD', KEYS[at], ARGV[2])
end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
