-- KEYS: record, and where more than the record changes: deadlines, log, numbers.
-- ARGV: tag that the change was made from, new value, and where more changes: id, due_at or '',
-- channel, message or '', name of the log, lines to keep, line if there is one.
-- Answers 1, the value as it stands if it is another, or nothing if there is none.
if redis.call('GETRANGE', KEYS[1], 0, 7) ~= ARGV[1] then
  return redis.call('GET', KEYS[1])
end
redis.call('SET', KEYS[1], ARGV[2])
if #ARGV > 2 then
  if ARGV[4] ~= '' then
    redis.call('ZADD', KEYS[2], ARGV[4], ARGV[3])
  end
  if ARGV[9] then
    append(KEYS[3], KEYS[4], ARGV[7], ARGV[9], ARGV[8])
  end
  if ARGV[6] ~= '' then
    redis.call('PUBLISH', ARGV[5], ARGV[6])
  end
end
return 1
