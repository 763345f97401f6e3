-- KEYS: log, numbers. ARGV: name of the log, line, lines to keep.
append(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
