-- KEYS: record, deadlines, the user's set, the sign-in's set if there is one. ARGV: id.
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
for at = 3, #KEYS do
  redis.call('SREM', KEYS[at], ARGV[1])
end
