package redis

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/portico-dev/portico/internal/limit"
)

// Limiter is a limit.Limiter whose allowances all nodes share, exactly: the
// server decides, by its own clock, in one round trip.
type Limiter struct {
	conn   *Conn
	script *rueidis.Lua
	local  limit.Limiter
}

// NewLimiter makes a Limiter. While the server is away local decides, for this
// node alone; where local is nil every request is refused.
func NewLimiter(conn *Conn, local limit.Limiter) *Limiter {
	// limit.Decide once more, as far as the new number needs it; the answer is
	// then worked out from the number and the time that it saw.
	return &Limiter{conn: conn, local: local, script: rueidis.NewLuaScript(`
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local old = tonumber(redis.call('GET', KEYS[1]) or '0')
local step, limit, n = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local whole = step * limit
local tat = math.min(math.max(old, now), now + whole) + step * n
if n > 0 and n <= limit and tat <= now + whole then
	redis.call('SET', KEYS[1], string.format('%.0f', tat), 'PX', string.format('%.0f', math.ceil((tat - now) / 1000)))
end
return {string.format('%.0f', old), string.format('%.0f', now)}`)}
}

// Take asks for n requests.
func (l *Limiter) Take(ctx context.Context, key string, r limit.Rule, n int) (limit.Result, error) {
	if err := limit.Valid(r, n); err != nil {
		return limit.Result{}, err
	}
	sum := sha256.Sum256([]byte(key))
	name := l.conn.options.Prefix + ":limit:" + hex.EncodeToString(sum[:16])
	var answer []string
	err := l.conn.do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
		answer, err = l.script.Exec(ctx, c, []string{name}, []string{
			strconv.FormatInt(r.Step(), 10), strconv.Itoa(r.Limit), strconv.Itoa(n),
		}).AsStrSlice()
		return err
	})
	switch {
	case errors.Is(err, errAway) && l.local != nil:
		return l.local.Take(ctx, key, r, n)
	case errors.Is(err, errAway):
		return limit.Result{Limited: true, Away: true, Limit: r.Limit, RetryAfter: l.conn.options.Retry}, nil
	case err != nil:
		return limit.Result{}, err
	}
	if len(answer) != 2 {
		return limit.Result{}, fmt.Errorf("the server answered a limit with %q", answer)
	}
	old, err := strconv.ParseInt(answer[0], 10, 64)
	if err != nil {
		return limit.Result{}, err
	}
	now, err := strconv.ParseInt(answer[1], 10, 64)
	if err != nil {
		return limit.Result{}, err
	}
	_, res := limit.Decide(old, now, r, n)
	return res, nil
}
