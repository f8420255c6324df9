package proxy

import (
	"net/http"
	"slices"
	"sync"
	"time"
)

// origins are the upstreams by site.
type origins struct {
	mu    sync.Mutex
	known map[site]*origin
}

// maxOrigins bounds what is remembered of origins that no setting names: a
// middleware may rewrite to as many as it likes.
const maxOrigins = 1024

// get returns the origin of a site, making it if it is new.
func (os *origins) get(s site, p *Proxy) *origin {
	os.mu.Lock()
	defer os.mu.Unlock()
	if o := os.known[s]; o != nil {
		return o
	}
	if len(os.known) >= maxOrigins {
		for k, o := range os.known {
			if o.forgettable() {
				delete(os.known, k)
			}
		}
	}
	o := &origin{site: s, host: s.host(), options: p.def, transport: p.transport, addresses: []*address{{host: s.address()}}}
	os.known[s] = o
	return o
}

// origin is an upstream: one site, one or more servers.
type origin struct {
	site       site
	host       string // as the Host field has it
	options    Options
	transport  *transport
	configured bool

	mu        sync.Mutex
	active    int
	turn      int // where to begin among equals
	addresses []*address
}

// address is one server of an origin. Its fields are guarded by the origin's mu.
type address struct {
	host string // host:port

	active   int
	failures int       // in a row
	failed   time.Time // when last
	open     time.Time // the circuit is open until then; zero is closed
	probing  bool      // the circuit was open and one request is trying
}

func (o *origin) forgettable() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.configured && o.active == 0 && o.addresses[0].failures == 0
}

// enter counts a request in, unless there are too many.
func (o *origin) enter() *Error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if limit := o.options.MaxConcurrent; limit > 0 && o.active >= limit {
		return &Error{Status: http.StatusServiceUnavailable, Reason: "too many requests to the upstream are under way", RetryAfter: time.Second}
	}
	o.active++
	return nil
}

func (o *origin) leave() {
	o.mu.Lock()
	o.active--
	o.mu.Unlock()
}

// lease is the use of a server by one request.
type lease struct {
	origin  *origin
	address *address
	probe   bool // the circuit was open: this request is to find out
	told    bool
}

// take chooses a server for a request, which must be given back. Those in tried
// are asked again only if no other can be.
//
// Of the servers whose circuit is not open the least busy one is taken that has
// not failed lately; when all have, the one with the fewest failures.
func (o *origin) take(now time.Time, tried []*address) (lease, *Error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var best *address
	var wait time.Duration
	o.turn++
	for i := range o.addresses {
		a := o.addresses[(o.turn+i)%len(o.addresses)]
		if !a.open.IsZero() && (a.probing || now.Before(a.open)) {
			left := max(a.open.Sub(now), time.Second)
			if wait == 0 || left < wait {
				wait = left
			}
			continue
		}
		if best == nil || o.better(a, best, now, tried) {
			best = a
		}
	}
	if best == nil {
		return lease{}, &Error{Status: http.StatusServiceUnavailable, Reason: "the upstream has failed too often and is left alone for a while", RetryAfter: wait}
	}
	best.active++
	l := lease{origin: o, address: best, probe: !best.open.IsZero()}
	if l.probe {
		best.probing = true
	}
	return l, nil
}

func (o *origin) better(a, b *address, now time.Time, tried []*address) bool {
	if at, bt := slices.Contains(tried, a), slices.Contains(tried, b); at != bt {
		return bt
	}
	aill, bill := o.ill(a, now), o.ill(b, now)
	if aill != bill {
		return bill
	}
	if aill && a.failures != b.failures {
		return a.failures < b.failures
	}
	return a.active < b.active
}

// ill says that a server has failed lately.
func (o *origin) ill(a *address, now time.Time) bool {
	return a.failures > 0 && now.Sub(a.failed) < o.options.BreakerTime
}

// outcome is what a request says about a server.
type outcome int

const (
	unknown outcome = iota // the client left, or its request was at fault
	well                   // there is an answer
	failed
)

// report takes note of an outcome, once, and says whether the circuit opened or
// closed by it.
func (l *lease) report(was outcome, now time.Time) (opened, closed bool) {
	o, a := l.origin, l.address
	o.mu.Lock()
	defer o.mu.Unlock()
	if l.told {
		return false, false
	}
	l.told = true
	if l.probe {
		a.probing = false
	}
	switch was {
	case well:
		closed = !a.open.IsZero()
		a.failures, a.open = 0, time.Time{}
	case failed:
		a.failures++
		a.failed = now
		if limit := o.options.BreakerFailures; limit > 0 && a.failures >= limit { // a probe's failure is one more
			opened = a.open.IsZero()
			a.open = now.Add(o.options.BreakerTime)
		}
	}
	return opened, closed
}

// end gives the server back, after a report.
func (l *lease) end() {
	l.origin.mu.Lock()
	l.address.active--
	l.origin.mu.Unlock()
}
