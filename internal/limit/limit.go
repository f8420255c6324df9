// Package limit says who asks too often: the generic cell rate algorithm (GCRA)
// in memory, and the headers that tell clients.
//
// A key has one number, the theoretical arrival time (TAT): when its allowance
// is whole again. Each request moves it on by window/limit, and is refused where
// that would take it further than a window ahead. So a limit of 10 a minute
// allows 10 at once, then one each 6 seconds; there is no edge of a window at
// which twice as many get through.
package limit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Rule is how often something may be done.
type Rule struct {
	// Limit is how many requests a window; all may come at once.
	Limit int
	// Window is a time of at least a microsecond a request.
	Window time.Duration
}

// Check says what is wrong with a rule.
func (r Rule) Check() error {
	switch {
	case r.Limit < 1:
		return fmt.Errorf("the limit is %d, want 1 at least", r.Limit)
	case r.Window <= 0:
		return fmt.Errorf("the window is %s, want more than none", r.Window)
	case r.Window > maxWindow:
		return fmt.Errorf("the window is %s, want a year at most", r.Window)
	case r.Window/time.Microsecond < time.Duration(r.Limit):
		return errors.New("the limit is more than one request a microsecond")
	}
	return nil
}

const maxWindow = 366 * 24 * time.Hour

// Step is what one request costs, in microseconds: window/limit, rounded up so
// that never more than the limit get through a window.
func (r Rule) Step() int64 {
	window := int64(r.Window / time.Microsecond)
	return (window + int64(r.Limit) - 1) / int64(r.Limit)
}

// Result is the answer to a request.
type Result struct {
	// Limited requests are to be refused. They cost nothing.
	Limited bool
	// Limit is the rule's.
	Limit int
	// Remaining is how many requests would get through now.
	Remaining int
	// Reset is when the allowance is whole again, from now.
	Reset time.Duration
	// RetryAfter is when the refused request would get through; 0 for one that
	// got through, and negative for one that never will: it asks for more than
	// the limit.
	RetryAfter time.Duration
	// Away says that nothing was counted: what keeps the allowances cannot be
	// reached, and requests are refused until it can. Only Limited, Limit and
	// RetryAfter mean something then.
	Away bool
}

// Limiter keeps the allowances of keys.
type Limiter interface {
	// Take asks for n requests of a key at once; all get through or none.
	// Taking 0 tells how the key stands. Keys of two rules are two keys: the
	// caller puts the rule's name into the key.
	Take(ctx context.Context, key string, r Rule, n int) (Result, error)
}

// Key is a key for Take: the allowance of somebody under a rule of a name. Each
// part goes with its length, so that no two lists of parts are one key, whatever
// is in them. The rule's own numbers are in it too: rules that differ never share
// an allowance.
func Key(r Rule, parts ...string) string {
	b := strconv.AppendInt(nil, int64(r.Limit), 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, int64(r.Window), 10)
	for _, p := range parts {
		b = append(b, ' ')
		b = strconv.AppendInt(b, int64(len(p)), 10)
		b = append(b, ':')
		b = append(b, p...)
	}
	return string(b)
}

// Decide is the algorithm: from the key's TAT (0 where there is none) and the
// time, both in microseconds, to the new TAT and the answer.
func Decide(tat, now int64, r Rule, n int) (int64, Result) {
	step := r.Step()
	whole := step * int64(r.Limit)
	// A TAT further ahead than a rule can bring it is of another rule, or of a
	// clock that was set back: nobody is locked out for longer than a window.
	tat = min(max(tat, now), now+whole)
	res := Result{Limit: r.Limit}
	if n > r.Limit {
		res.Limited, res.RetryAfter = true, -1
	} else if next := tat + step*int64(n); next > now+whole {
		res.Limited, res.RetryAfter = true, micro(next-now-whole)
	} else {
		tat = next
	}
	res.Remaining = int((now + whole - tat) / step)
	res.Reset = micro(tat - now)
	return tat, res
}

func micro(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// Memory is a Limiter of this process, bounded by bytes. When there are more
// keys than it may keep, those with the smallest debt go, among some looked at:
// a flood of new keys does not free those that have used their allowance up.
type Memory struct {
	now    func() time.Time
	max    int // keys a shard
	shards [shards]shard
}

const (
	shards = 64
	// keyBytes is about what a key takes in a map, whatever its length was.
	keyBytes = 64
	// looked is how many keys are looked at for one to let go.
	looked = 16
)

type shard struct {
	mu  sync.Mutex
	tat map[[16]byte]int64
}

// DefaultBytes bounds a Memory that has no bound given: a quarter of a million
// keys.
const DefaultBytes = 16 << 20

// NewMemory makes a Limiter; bytes 0 is DefaultBytes, now nil is time.Now.
func NewMemory(bytes int64, now func() time.Time) *Memory {
	if bytes <= 0 {
		bytes = DefaultBytes
	}
	if now == nil {
		now = time.Now
	}
	m := &Memory{now: now, max: int(max(bytes/keyBytes/shards, 1))}
	for i := range m.shards {
		m.shards[i].tat = map[[16]byte]int64{}
	}
	return m
}

// Take never fails but for a wrong rule.
func (m *Memory) Take(_ context.Context, key string, r Rule, n int) (Result, error) {
	if err := Valid(r, n); err != nil {
		return Result{}, err
	}
	sum := sha256.Sum256([]byte(key))
	id := [16]byte(sum[:])
	s := &m.shards[binary.BigEndian.Uint16(sum[16:])%shards]
	s.mu.Lock()
	defer s.mu.Unlock()
	now := m.now().UnixMicro()
	old, known := s.tat[id]
	tat, res := Decide(old, now, r, n)
	if tat <= now { // as one that was never seen
		delete(s.tat, id)
		return res, nil
	}
	if !known && len(s.tat) >= m.max {
		s.room(now)
	}
	s.tat[id] = tat
	return res, nil
}

// Valid says what is wrong with what a Limiter is asked.
func Valid(r Rule, n int) error {
	if n < 0 {
		return fmt.Errorf("asked for %d requests", n)
	}
	return r.Check()
}

// room lets keys go: all whole ones among those looked at, or the one that is
// nearest to it. Go's maps are walked from a random place.
func (s *shard) room(now int64) {
	var least [16]byte
	best, n, freed := int64(0), 0, false
	for id, tat := range s.tat {
		if tat <= now {
			delete(s.tat, id)
			freed = true
		} else if best == 0 || tat < best {
			best, least = tat, id
		}
		if n++; n == looked {
			break
		}
	}
	if !freed {
		delete(s.tat, least)
	}
}

// Len is the number of keys that are kept.
func (m *Memory) Len() int {
	n := 0
	for i := range m.shards {
		m.shards[i].mu.Lock()
		n += len(m.shards[i].tat)
		m.shards[i].mu.Unlock()
	}
	return n
}

// Headers is how a result is told, by draft-ietf-httpapi-ratelimit-headers-10:
// RateLimit and RateLimit-Policy, and Retry-After (RFC 9110 §10.2.3), which is
// "" for a request that got through. Times are whole seconds, rounded up: who
// waits that long is let through. Characters of the rule's name that a
// structured field's string cannot have are left out.
func Headers(name string, r Rule, res Result) (rateLimit, policy, retryAfter string) {
	quoted := quote(name)
	policy = quoted + ";q=" + strconv.Itoa(r.Limit) + ";w=" + strconv.FormatInt(ceil(r.Window), 10)
	rateLimit = quoted + ";r=" + strconv.Itoa(res.Remaining) + ";t=" + strconv.FormatInt(ResetSeconds(r, res), 10)
	if res.Limited {
		after := res.RetryAfter
		if after < 0 {
			after = r.Window
		}
		retryAfter = strconv.FormatInt(max(ceil(after), 1), 10)
	}
	return rateLimit, policy, retryAfter
}

// ResetSeconds is Reset as clients are told it: rounded up, and never more than
// the window, which it may be by the microseconds that Step rounds.
func ResetSeconds(r Rule, res Result) int64 { return min(ceil(res.Reset), ceil(r.Window)) }

func ceil(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// quote writes a string of RFC 9651 §3.3.3.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= 0x20 && c < 0x7f:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
