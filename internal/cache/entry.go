// Package cache keeps answers: what an entry is, how long it holds, which tags
// drop it, and that one making serves all who ask at a time. Where entries are
// kept is a Store's matter; stores are packages of their own.
//
// Time here is a [Stamp]: microseconds by the clock of the store, never given
// twice. An entry carries the stamp of when its making began; revalidating a
// tag gives the tag a stamp. An entry is dropped by a tag when it began no
// later. So an answer that was under way while its tag was revalidated is
// dropped too, although it is stored afterwards, and no two machines' clocks
// are compared for it.
package cache

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// A Stamp is a moment by a store's clock, in microseconds since 1970. A store
// gives no stamp twice and each later than those before, also where its clock
// is set back. The zero Stamp is before all others.
type Stamp int64

// StampOf is the stamp of a time.
func StampOf(t time.Time) Stamp { return Stamp(t.UnixMicro()) }

// Time is the stamp as a time.
func (s Stamp) Time() time.Time { return time.UnixMicro(int64(s)) }

// Kind says what an entry is an answer of.
type Kind uint8

const (
	// Route is the response of a handler.
	Route Kind = iota + 1
	// Fetch is an upstream's response.
	Fetch
	// Value is what a cached function returned.
	Value
)

func (k Kind) String() string {
	switch k {
	case Route:
		return "route"
	case Fetch:
		return "fetch"
	case Value:
		return "value"
	}
	return "kind " + strconv.Itoa(int(k))
}

// Forever is a lifetime without an end: `revalidate: false`.
const Forever time.Duration = math.MaxInt64

// Lifetime is how long an entry holds. The zero Lifetime is that of an answer
// that is not to be kept: `revalidate: 0`.
type Lifetime struct {
	// Revalidate is how long an entry is fresh. After that it is stale: it is
	// still given, and made anew in the background.
	Revalidate time.Duration
	// Expire is how long an entry is given at all. Forever is no limit.
	Expire time.Duration
}

// Min is the shorter of both lifetimes in each respect. A handler lives no
// longer than what it was made from.
func (l Lifetime) Min(m Lifetime) Lifetime {
	return Lifetime{min(l.Revalidate, m.Revalidate), min(l.Expire, m.Expire)}
}

// Keeps reports whether an answer with this lifetime is to be stored.
func (l Lifetime) Keeps() bool { return l.Revalidate > 0 && l.Expire > 0 }

// Year is what Next.js says for an entry that holds forever, and the end of
// one that has no other: `expireTime` in its configuration.
const Year = 31536000 * time.Second

// CacheControl is the Cache-Control of an answer with this lifetime, in whole
// seconds: s-maxage, and stale-while-revalidate until it expires. It is "" for
// one that is not kept.
func (l Lifetime) CacheControl() string {
	if !l.Keeps() {
		return ""
	}
	if l.Revalidate == Forever {
		return "s-maxage=" + seconds(Year)
	}
	header := "s-maxage=" + seconds(l.Revalidate)
	if expire := min(l.Expire, max(Year, l.Revalidate)); expire > l.Revalidate {
		header += ", stale-while-revalidate=" + seconds(expire-l.Revalidate)
	}
	return header
}

func seconds(d time.Duration) string { return strconv.FormatInt(int64(d/time.Second), 10) }

// Entry is a kept answer. Once it was handed to a store or came from one it is
// shared: nobody changes it.
type Entry struct {
	Kind Kind
	// Name says in people's words what the entry is of: `GET /api/users`.
	Name string
	// URL is where a Fetch ended up after redirects, without a fragment.
	URL string
	// Status, Header and Body are the answer. A Value has its bytes in Body.
	Status int
	Header http.Header
	Body   []byte
	// Tags drop the entry when they are revalidated.
	Tags     []string
	Lifetime Lifetime
	// Made is when the making of the entry began. [Cache.Do] sets it.
	Made Stamp
	// Checked is when the last attempt to make it anew began, if that failed;
	// else zero.
	Checked Stamp
}

// Size is about the number of bytes that an entry takes in memory.
func (e *Entry) Size() int {
	const entry, field = 256, 48
	n := entry + len(e.Name) + len(e.URL) + len(e.Body)
	for _, tag := range e.Tags {
		n += len(tag) + 16
	}
	for name, values := range e.Header {
		n += field + len(name)
		for _, v := range values {
			n += len(v) + 16
		}
	}
	return n
}

// NotBefore reports whether e is no older than f: a store never gives up a
// later entry for an earlier one. Equally old, the later check counts.
func (e *Entry) NotBefore(f *Entry) bool {
	if e.Made != f.Made {
		return e.Made > f.Made
	}
	return e.Checked >= f.Checked
}

// State is what an entry is good for.
type State uint8

const (
	// Expired entries are not given.
	Expired State = iota
	// Stale entries are given while they are made anew.
	Stale
	// Fresh entries are given.
	Fresh
)

func (s State) String() string { return [...]string{"expired", "stale", "fresh"}[s] }

// Next.js tries again after min(max(revalidate, 3), 30) seconds when making an
// entry anew has failed (server/response-cache).
const (
	retryMin = 3 * time.Second
	retryMax = 30 * time.Second
)

// Current is the lifetime that counts now, and since when. After a failed
// attempt the entry holds for another few seconds from that attempt.
func (e *Entry) Current() (since Stamp, l Lifetime) {
	if e.Checked == 0 {
		return e.Made, e.Lifetime
	}
	retry := min(max(e.Lifetime.Revalidate, retryMin), retryMax)
	return e.Checked, Lifetime{retry, max(retry+retryMin, e.Lifetime.Expire)}
}

// State is what the entry is good for at a time, given the state of all tags
// that concern it. A clock that went back makes nothing older than new.
func (e *Entry) State(now time.Time, tags TagState) State {
	since, l := e.Current()
	age := max(now.Sub(since.Time()), 0)
	switch {
	case !e.Lifetime.Keeps(), tags.expires(e.Made, now), l.Expire != Forever && age >= l.Expire:
		return Expired
	case tags.Stale >= since, l.Revalidate != Forever && age >= l.Revalidate:
		return Stale
	}
	return Fresh
}

// timeless reports whether the time does not count for the state of an entry:
// it holds for ever, and no tag has an end that is yet to come. Reading a clock
// costs as much as finding the entry.
func (e *Entry) timeless(tags TagState) bool {
	return e.Checked == 0 && e.Lifetime.Revalidate == Forever && e.Lifetime.Expire == Forever && tags.Due == 0
}

// TTL is how long the entry is still fresh; negative once it is stale, and
// Forever for one that holds without end.
func (e *Entry) TTL(now time.Time) time.Duration {
	since, l := e.Current()
	if l.Revalidate == Forever {
		return Forever
	}
	return l.Revalidate - max(now.Sub(since.Time()), 0)
}

// Postponed is the entry after an attempt to make it anew has failed.
func (e *Entry) Postponed(checked Stamp) *Entry {
	p := *e
	p.Checked = checked
	return &p
}
