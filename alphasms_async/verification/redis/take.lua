-- Count a ticket against each quota, or against none; return the seconds to wait, '0' for none.
-- KEYS: the quotas.
-- ARGV: the ticket, the time, then for each quota its count and its seconds.
local now = tonumber(ARGV[2])
local wait = 0
if #KEYS > 0 and redis.call('zscore', KEYS[1], ARGV[1]) then
    -- A client that lost the answer asks again by itself: it is counted already.
    return '0'
end
for place, key in ipairs(KEYS) do
    redis.call('zremrangebyscore', key, '-inf', ARGV[2])
    local over = redis.call('zcard', key) - tonumber(ARGV[2 * place + 1])
    if over >= 0 then
        local first = redis.call('zrange', key, over, over, 'withscores')
        wait = math.max(wait, tonumber(first[2]) - now)
    end
end
if wait == 0 then
    for place, key in ipairs(KEYS) do
        local seconds = tonumber(ARGV[2 * place + 2])
        -- A number made into text by Lua itself keeps 14 digits, which is too few for a time.
        redis.call('zadd', key, string.format('%.17g', now + seconds), ARGV[1])
        redis.call('pexpire', key, math.ceil(1000 * seconds))
    end
end
return string.format('%.17g', wait)
