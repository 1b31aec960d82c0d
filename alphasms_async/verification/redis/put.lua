-- Put an entry in place of the one of the version that was read, or where none is.
-- KEYS: the entry, what is due, and each of its calls.
-- ARGV: as they are named below; `read` is '' where no entry is to be, `due_at` is '' for never.
local read, version, writer, id, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local body, due_at, forget_at, call_ids = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
if (redis.call('hget', KEYS[1], 'version') or '') ~= read then
    -- A client that lost the answer asks again by itself: it has done this very thing.
    return redis.call('hget', KEYS[1], 'writer') == writer and 1 or 0
end
redis.call('hset', KEYS[1], 'version', version, 'writer', writer, 'body', body,
    'due_at', due_at, 'forget_at', forget_at, 'call_ids', call_ids)
redis.call('pexpire', KEYS[1], ttl)
for number = 3, #KEYS do
    redis.call('set', KEYS[number], id, 'px', ttl)
end
if due_at == '' then
    redis.call('zrem', KEYS[2], id)
else
    redis.call('zadd', KEYS[2], due_at, id)
    if redis.call('pttl', KEYS[2]) < ttl then
        redis.call('pexpire', KEYS[2], ttl)
    end
end
return 1
