package redis

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"crypto/rand"

	"github.com/redis/rueidis"

	"github.com/portico-dev/portico/internal/cache"
)

// StoreOptions are what a Store works with.
type StoreOptions struct {
	// Local answers when the server is away; Tags is its table of tags. The
	// Store owns both.
	Local cache.Store
	Tags  *cache.TagTable
	// Lease is how long the others wait for a node that is gone; 0 is ten
	// seconds. A node that is there renews its lease.
	Lease time.Duration
	// MaxAge is how long the server keeps an entry at most; 0 is 30 days. It
	// keeps the marks of tags a day longer than that.
	MaxAge time.Duration
}

// Store is a cache.Store and a cache.Lister on a server.
type Store struct {
	conn    *Conn
	o       StoreOptions
	scripts scripts

	mu      sync.Mutex
	pending []pending            // marks that the server has not had
	foreign map[cache.Stamp]bool // stamps of leases that the server has not given
}

type pending struct {
	tags []string
	mark cache.Mark
}

// maxPending is how many marks are kept for a server that is away. With more,
// everything is revalidated when it is back.
const maxPending = 10_000

// slack is how much longer than any entry a tag's mark is kept: an entry may be
// stored that long after it began.
const slack = 24 * time.Hour

type scripts struct{ set, mark, drop, lease, renew, release *rueidis.Lua }

// stampScript gives stamps. Lua's numbers are exact to 2^53 microseconds, which
// is the year 2255; written by tostring they would not be.
const stampScript = `
local function text(n) return string.format('%.0f', n) end
local function stamp(key)
	local t = redis.call('TIME')
	local n = t[1] * 1000000 + t[2]
	local last = tonumber(redis.call('GET', key) or '0')
	if n <= last then n = last + 1 end
	redis.call('SET', key, text(n))
	return n
end
`

func newScripts() scripts {
	return scripts{
		// An encoded entry begins with Made and Checked, 16 digits each.
		set: rueidis.NewLuaScript(`
local old = redis.call('GETRANGE', KEYS[1], 0, 31)
if #old == 32 then
	local made, checked = tonumber(string.sub(old, 1, 16)), tonumber(string.sub(old, 17, 32))
	local m, c = tonumber(ARGV[2]), tonumber(ARGV[3])
	if m < made or (m == made and c < checked) then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[4])
return 1`),
		mark: rueidis.NewLuaScript(stampScript + `
local at = stamp(KEYS[1])
for i = 2, #KEYS do
	local s = {0, 0, 0, 0}
	local old = redis.call('GET', KEYS[i])
	if old then
		local j = 1
		for n in string.gmatch(old, '%d+') do s[j] = tonumber(n); j = j + 1 end
		if s[4] > 0 and at >= s[4] then
			if s[3] > s[2] then s[2] = s[3] end
			s[3], s[4] = 0, 0
		end
	end
	if ARGV[1] == '1' then
		s[1] = at
		local after = tonumber(ARGV[2])
		if after > 0 then
			s[3] = at
			if s[4] == 0 or at + after < s[4] then s[4] = at + after end
		end
	else
		s[2] = at
	end
	redis.call('SET', KEYS[i], text(s[1]) .. ',' .. text(s[2]) .. ',' .. text(s[3]) .. ',' .. text(s[4]), 'PX', ARGV[3])
end
return text(at)`),
		drop: rueidis.NewLuaScript(stampScript + `
return redis.call('SET', KEYS[2], text(stamp(KEYS[1])), 'PX', ARGV[1])`),
		lease: rueidis.NewLuaScript(stampScript + `
local at = stamp(KEYS[1])
local got = '0'
if redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2]) then got = '1' end
return {got, text(at)}`),
		renew: rueidis.NewLuaScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 0`),
		release: rueidis.NewLuaScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`),
	}
}

// NewStore makes a Store. A Conn has one at most.
func NewStore(conn *Conn, o StoreOptions) *Store {
	if o.Lease == 0 {
		o.Lease = 10 * time.Second
	}
	if o.MaxAge == 0 {
		o.MaxAge = 30 * 24 * time.Hour
	}
	s := &Store{conn: conn, o: o, scripts: newScripts(), foreign: map[cache.Stamp]bool{}}
	conn.mu.Lock()
	conn.rejoin = s.rejoin
	conn.mu.Unlock()
	return s
}

// Names with braces are in one slot of a cluster: a script may use several.
func (s *Store) clock() string         { return "{" + s.conn.options.Prefix + "}:clock" }
func (s *Store) tag(tag string) string { return "{" + s.conn.options.Prefix + "}:tag:" + tag }
func (s *Store) lease(k cache.Key) string {
	return s.conn.options.Prefix + ":lease:{" + s.conn.options.Prefix + "}:" + k.String()
}
func (s *Store) dropped(k cache.Key) string {
	return "{" + s.conn.options.Prefix + "}:dropped:" + k.String()
}
func (s *Store) entries() string          { return s.conn.options.Prefix + ":entry:" }
func (s *Store) entry(k cache.Key) string { return s.entries() + k.String() }

// clientTTL is how long the client's cache keeps what the server never tells
// about again.
const clientTTL = 10 * time.Minute

// Get reads an entry and then its tags' states: see the package's argument.
func (s *Store) Get(ctx context.Context, key cache.Key, further []string) (hit cache.Hit, err error) {
	err = s.conn.do(ctx, func(ctx context.Context, c rueidis.Client) error {
		r := c.DoCache(ctx, c.B().Get().Key(s.entry(key)).Cache(), clientTTL)
		cached := r.IsCacheHit()
		e, err := entryOf(r)
		if err != nil {
			return err
		}
		hit.Entry = e
		var dropped cache.Stamp
		if e != nil || !cached {
			if hit.Tags, dropped, err = s.states(ctx, c, key, e, further); err != nil {
				return err
			}
		}
		// The node itself knows what it has set, before the server tells it.
		own, err := s.o.Local.Get(ctx, key, nil)
		if err != nil {
			return err
		}
		newest := e != nil && (own.Entry == nil || e.NotBefore(own.Entry))
		if !cached || newest && e.Made > dropped && e.State(time.Now(), hit.Tags) == cache.Fresh {
			return nil
		}
		again, err := entryOf(c.Do(ctx, c.B().Get().Key(s.entry(key)).Build()))
		if err != nil {
			return err
		}
		hit.Entry = again
		hit.Tags, _, err = s.states(ctx, c, key, again, further)
		return err
	})
	if err == nil {
		if hit.Entry != nil {
			err = s.o.Local.Set(ctx, key, hit.Entry)
		}
		return hit, err
	}
	if errors.Is(err, errAway) {
		return s.o.Local.Get(ctx, key, further)
	}
	return cache.Hit{}, err
}

// entryOf reads an entry from the server's answer. One of another format or
// torn is none.
func entryOf(r rueidis.RedisResult) (*cache.Entry, error) {
	b, err := r.AsBytes()
	if rueidis.IsRedisNil(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	e, err := cache.Decode(b)
	if err != nil {
		return nil, nil
	}
	return e, nil
}

// states reads the states of tags from the server itself, never from the
// client's cache, and when an entry of the key was last deleted.
func (s *Store) states(ctx context.Context, c rueidis.Client, key cache.Key, e *cache.Entry, further []string) (all cache.TagState, dropped cache.Stamp, err error) {
	tags := append([]string{cache.Everything}, further...)
	if e != nil {
		tags = append(tags, e.Tags...)
	}
	names := make([]string, len(tags), len(tags)+1)
	for i, tag := range tags {
		names[i] = s.tag(tag)
	}
	names = append(names, s.dropped(key))
	list, err := c.Do(ctx, c.B().Mget().Key(names...).Build()).ToArray()
	if err != nil {
		return all, dropped, err
	}
	for i := range list {
		text, err := list[i].ToString()
		if rueidis.IsRedisNil(err) {
			continue
		}
		if err != nil {
			return all, dropped, err
		}
		if i == len(tags) {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return all, dropped, err
			}
			dropped = cache.Stamp(n)
			continue
		}
		state, err := stateOf(text)
		if err != nil {
			return all, dropped, fmt.Errorf("the state of tag %q: %w", tags[i], err)
		}
		s.o.Tags.Put(tags[i], state) // for when the server is away
		all = all.Merge(state)
	}
	return all, dropped, nil
}

func stateOf(text string) (t cache.TagState, err error) {
	fields := strings.Split(text, ",")
	if len(fields) != 4 {
		return t, fmt.Errorf("%q has not four stamps", text)
	}
	for i, p := range []*cache.Stamp{&t.Stale, &t.Expired, &t.Due, &t.At} {
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return t, err
		}
		*p = cache.Stamp(n)
	}
	return t, nil
}

// Set keeps an entry on the server and in memory. One that began while the
// server was away stays in memory: its stamp is of another clock.
func (s *Store) Set(ctx context.Context, key cache.Key, e *cache.Entry) error {
	if err := s.o.Local.Set(ctx, key, e); err != nil {
		return err
	}
	s.mu.Lock()
	foreign := s.foreign[e.Made] || s.foreign[e.Checked]
	s.mu.Unlock()
	if foreign {
		return nil
	}
	_, l := e.Current()
	ttl := max(min(l.Expire, s.o.MaxAge), time.Millisecond)
	return here(s.conn.do(ctx, func(ctx context.Context, c rueidis.Client) error {
		return s.scripts.set.Exec(ctx, c, []string{s.entry(key)}, []string{
			rueidis.BinaryString(cache.Encode(e)), number(e.Made), number(e.Checked), millis(ttl),
		}).Error()
	}))
}

// here is an error but for the server's being away, which is no failure.
func here(err error) error {
	if errors.Is(err, errAway) {
		return nil
	}
	return err
}

func number(n cache.Stamp) string   { return strconv.FormatInt(int64(n), 10) }
func millis(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// Delete drops an entry, for all nodes: the stamp that it leaves has them read
// past their clients' caches. A server that is away keeps the entry.
func (s *Store) Delete(ctx context.Context, key cache.Key) error {
	if err := s.o.Local.Delete(ctx, key); err != nil {
		return err
	}
	return here(s.conn.do(ctx, func(ctx context.Context, c rueidis.Client) error {
		if err := s.scripts.drop.Exec(ctx, c, []string{s.clock(), s.dropped(key)}, []string{millis(2 * clientTTL)}).Error(); err != nil {
			return err
		}
		return c.Do(ctx, c.B().Del().Key(s.entry(key)).Build()).Error()
	}))
}

// Mark revalidates tags for all nodes. While the server is away it does so for
// this one; the others are told when it is back.
func (s *Store) Mark(ctx context.Context, tags []string, m cache.Mark) error {
	if len(tags) == 0 {
		return nil
	}
	if err := s.o.Local.Mark(ctx, tags, m); err != nil {
		return err
	}
	// A revalidation is not given up because who asked for it left.
	ctx = context.WithoutCancel(ctx)
	for {
		err := s.conn.do(ctx, func(ctx context.Context, c rueidis.Client) error { return s.mark(ctx, c, tags, m) })
		if !errors.Is(err, errAway) {
			return err
		}
		s.mu.Lock()
		if !s.conn.State().Up {
			s.pending = append(s.pending, pending{tags, m})
			if len(s.pending) > maxPending {
				s.pending = []pending{{tags: []string{cache.Everything}}}
			}
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock() // it is back already
	}
}

func (s *Store) mark(ctx context.Context, c rueidis.Client, tags []string, m cache.Mark) error {
	names := []string{s.clock()}
	for _, tag := range tags {
		names = append(names, s.tag(tag))
	}
	stale, after := "0", "0"
	if m.Stale {
		stale = "1"
		if m.Expire > 0 && m.Expire != cache.Forever {
			after = strconv.FormatInt(m.Expire.Microseconds(), 10)
		}
	}
	return s.scripts.mark.Exec(ctx, c, names, []string{stale, after, millis(s.o.MaxAge + slack)}).Error()
}

// rejoin tells a server that is back one mark that it has missed. When there is
// none left it is up, and no mark can come between.
func (s *Store) rejoin(ctx context.Context, c rueidis.Client) (done bool, err error) {
	s.mu.Lock()
	if len(s.pending) == 0 {
		s.conn.up()
		s.mu.Unlock()
		return true, nil
	}
	first := s.pending[0]
	s.mu.Unlock()
	if err := s.mark(ctx, c, first.tags, first.mark); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// It may have been folded into the one for everything meanwhile; only what
	// was told is taken off.
	if len(s.pending) > 0 && &s.pending[0].tags[0] == &first.tags[0] {
		s.pending = s.pending[1:]
	}
	return false, nil
}

// Lease asks the server, or this process while the server is away.
func (s *Store) Lease(ctx context.Context, key cache.Key) (cache.Lease, error) {
	token := rand.Text()
	var answer []string
	err := s.conn.do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
		answer, err = s.scripts.lease.Exec(ctx, c, []string{s.clock(), s.lease(key)}, []string{token, millis(s.o.Lease)}).AsStrSlice()
		return err
	})
	if errors.Is(err, errAway) {
		return s.local(ctx, key)
	}
	if err != nil {
		return cache.Lease{}, err
	}
	if len(answer) != 2 {
		return cache.Lease{}, fmt.Errorf("the server answered a lease with %q", answer)
	}
	n, err := strconv.ParseInt(answer[1], 10, 64)
	if err != nil {
		return cache.Lease{}, err
	}
	stamp := cache.Stamp(n)
	s.o.Tags.Seen(stamp)
	if answer[0] != "1" {
		return cache.Lease{Stamp: stamp, Wait: func(ctx context.Context) error { return s.wait(ctx, key) }}, nil
	}
	ended := make(chan struct{})
	s.conn.running.Go(func() { s.renew(key, token, ended) })
	return cache.Lease{Stamp: stamp, Release: sync.OnceFunc(func() {
		close(ended)
		s.conn.do(context.Background(), func(ctx context.Context, c rueidis.Client) error {
			return s.scripts.release.Exec(ctx, c, []string{s.lease(key)}, []string{token}).Error()
		}) // a lease that cannot be given back ends by itself
	})}, nil
}

// local is a lease of this process. Its stamp is remembered until its release:
// see Set.
func (s *Store) local(ctx context.Context, key cache.Key) (cache.Lease, error) {
	l, err := s.o.Local.Lease(ctx, key)
	if err != nil || l.Release == nil {
		return l, err
	}
	s.mu.Lock()
	s.foreign[l.Stamp] = true
	s.mu.Unlock()
	release := l.Release
	l.Release = sync.OnceFunc(func() {
		s.mu.Lock()
		delete(s.foreign, l.Stamp)
		s.mu.Unlock()
		release()
	})
	return l, nil
}

func (s *Store) renew(key cache.Key, token string, ended chan struct{}) {
	tick := time.NewTicker(s.o.Lease / 3)
	defer tick.Stop()
	for {
		select {
		case <-ended:
			return
		case <-s.conn.ctx.Done():
			return
		case <-tick.C:
		}
		// One that was not renewed is another's: two make the entry then.
		s.conn.do(s.conn.ctx, func(ctx context.Context, c rueidis.Client) error {
			return s.scripts.renew.Exec(ctx, c, []string{s.lease(key)}, []string{token, millis(s.o.Lease)}).Error()
		})
	}
}

// A node that waits for another's lease looks after this time, and then after
// twice the time it last waited. One caller a node and key waits.
const (
	waitMin = 2 * time.Millisecond
	waitMax = 50 * time.Millisecond
)

func (s *Store) wait(ctx context.Context, key cache.Key) error {
	for pause := waitMin; ; pause = min(2*pause, waitMax) {
		var there bool
		err := s.conn.do(ctx, func(ctx context.Context, c rueidis.Client) (err error) {
			there, err = c.Do(ctx, c.B().Exists().Key(s.lease(key)).Build()).AsBool()
			return err
		})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !there {
			return here(err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// Each lists the entries on the server, or those in memory while it is away.
func (s *Store) Each(ctx context.Context, f func(cache.Key, *cache.Entry) bool) error {
	more := true
	err := s.conn.do(ctx, func(_ context.Context, c rueidis.Client) error {
		for _, node := range c.Nodes() {
			for cursor := uint64(0); more; {
				page, err := node.Do(ctx, node.B().Scan().Cursor(cursor).Match(s.entries()+"*").Count(500).Build()).AsScanEntry()
				if err != nil {
					return err
				}
				for _, name := range page.Elements {
					var key cache.Key
					if n, err := hex.Decode(key[:], []byte(strings.TrimPrefix(name, s.entries()))); err != nil || n != len(key) {
						continue // not ours
					}
					e, err := entryOf(c.Do(ctx, c.B().Get().Key(name).Build()))
					if err != nil {
						return err
					}
					if e != nil && more {
						more = f(key, e)
					}
				}
				if cursor = page.Cursor; cursor == 0 {
					break
				}
			}
		}
		return nil
	})
	if l, ok := s.o.Local.(cache.Lister); ok && errors.Is(err, errAway) {
		return l.Each(ctx, f)
	}
	return err
}

// Close closes the store in memory. The Conn is its owner's.
func (s *Store) Close() error { return s.o.Local.Close() }
