// Package proxy is the reverse proxy behind rewrites to other origins.
//
// It stands on http.Transport for the wire and differs from
// httputil.ReverseProxy where that is not enough: the request's target is sent
// as the rule saw it, nothing that a client says of itself is passed on as
// known, every part of an exchange has a limit of time, and an upstream that
// fails is left alone for a while.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Limits are the limits of time of one exchange. Zero is what the less special
// settings say (a Target's are asked first, then the upstream's, then
// Config.Default, then the default named here); a negative one is none.
type Limits struct {
	// ConnectTimeout ends in 504: name, connection and TLS handshake. 10 seconds.
	ConnectTimeout time.Duration
	// ResponseTimeout ends in 504: from the request's last byte to the end of
	// the answer's header. 30 seconds, as Next.js waits.
	ResponseTimeout time.Duration
	// IdleTimeout is for bodies and upgraded connections: so long without a
	// byte either way ends the exchange. 5 minutes.
	IdleTimeout time.Duration
	// TotalTimeout is for the whole exchange. None.
	TotalTimeout time.Duration
}

// Options are the settings of one upstream. The zero value is the default
// named at each field.
type Options struct {
	Limits
	// MaxConcurrent is how many requests may be under way at this upstream,
	// upgraded connections included; more are answered with 503. Zero, in
	// Default too, or negative is no limit.
	MaxConcurrent int
	// BreakerFailures is how many failures in a row (no connection, no answer in
	// time, a broken one) open the circuit of an address, so that requests are
	// answered with 503 at once. Zero is 5, negative is never.
	BreakerFailures int
	// BreakerTime is how long the circuit stays open before one request may try
	// again, and how long an address that has failed once is left out while
	// another one is well. Zero is 10 seconds.
	BreakerTime time.Duration
	// FlushInterval is how long bytes of an answer of known length may wait to
	// be written with more. Zero is 50 ms; negative writes all at once. Answers
	// of unknown length and event streams are always written at once.
	FlushInterval time.Duration
	// MaxResponseHeaderBytes bounds the header of an answer. Zero is 64 KiB.
	MaxResponseHeaderBytes int64
	// Addresses are the servers behind this origin, as "host" or "host:port".
	// The least busy one of those that are well is asked. None is the origin's
	// own host.
	Addresses []string
	// TLS are the settings for https; nil is the system's certificates. The
	// server's name is that of the origin unless set here.
	TLS *tls.Config
}

// Config is the settings of a proxy.
type Config struct {
	// Default is for all upstreams; its Addresses and TLS are not.
	Default Options
	// Upstreams are by origin, such as "https://api.example.com:8443"; fields
	// that are zero have the value of Default.
	Upstreams map[string]Options
	// Allow are the hosts that may be asked: "api.example.com",
	// "api.example.com:8443" (any port when none is named) or
	// "*.example.com". Empty is any host.
	Allow []string
	// Logger is told what went wrong after an answer had begun, and what
	// becomes of upstreams. Nil is none.
	Logger *slog.Logger
	// DialContext opens connections; nil is the network.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
}

// Target is what a request is sent to.
type Target struct {
	// URL is absolute. Its path and its query are sent as they stand there: they
	// must be escaped.
	URL *url.URL
	// ForwardedFor is the client's address, or the known good part of the way
	// here with the client first, "203.0.113.7, 10.0.0.2". Empty is not said.
	ForwardedFor string
	// Proto and Host are the public origin's, "https" and "example.com:8443".
	// Empty is not said.
	Proto, Host string
	// Limits are those of the rule.
	Limits Limits
	// ID names the request in the log.
	ID string
}

// StatusClientGone is the status of an Error when nobody waits for an answer
// any more. It is for logs and never sent.
const StatusClientGone = 499

// Error says why a request has no answer of the upstream. Nothing was written.
type Error struct {
	// Status is 502 for an upstream that cannot be reached or that is broken, 504
	// for a limit of time, 503 for an upstream that is not asked now; 400, 408
	// and 413 are for the client's body, 405 for a method that is never passed
	// on, and StatusClientGone.
	Status int
	// Reason may be told to the client: it names no address.
	Reason string
	// RetryAfter is when to come back, for 503; zero is not known.
	RetryAfter time.Duration
	// Err is the cause, for the log; it may be nil.
	Err error
}

func (e *Error) Error() string {
	if e.Err == nil {
		return e.Reason
	}
	return e.Reason + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// SettingError is what New has to say about an entry of a setting.
type SettingError struct {
	// Setting is its name in a configuration, such as "proxy.allow", and Entry
	// the text that is wrong.
	Setting, Entry string
	Text, Hint     string
}

func (e *SettingError) Error() string { return e.Text }

var (
	errClosed          = errors.New("the proxy is closed")
	errConnectTimeout  = errors.New("no connection in time")
	errResponseTimeout = errors.New("no answer in time")
	errIdleTimeout     = errors.New("no byte either way for too long")
	errTotalTimeout    = errors.New("not over in time")
)

// Proxy sends requests to upstreams. It is safe for concurrent use.
type Proxy struct {
	def       Options
	origins   origins
	allow     allowList
	log       *slog.Logger
	buffers   sync.Pool
	transport *transport // of all origins without options of their own

	epoch time.Time // when time begins for flights
	alarm alarm

	mu      sync.Mutex
	closed  bool
	flights map[*flight]struct{}
	all     sync.WaitGroup
}

// never is a time that does not come.
const never = time.Duration(1<<63 - 1)

// alarm is the one timer for the limits of all requests: a timer for each, set
// and stopped again, was a tenth of what a small request costs.
type alarm struct {
	wake  atomic.Int64 // when it rings, in nanoseconds since the epoch
	mu    sync.Mutex
	timer *time.Timer
}

// wakeAt has all flights looked after at that time, or earlier.
func (p *Proxy) wakeAt(at time.Duration) {
	if int64(at) >= p.alarm.wake.Load() {
		return
	}
	p.alarm.mu.Lock()
	defer p.alarm.mu.Unlock()
	if int64(at) >= p.alarm.wake.Load() {
		return
	}
	p.alarm.wake.Store(int64(at))
	if d := at - time.Since(p.epoch); p.alarm.timer == nil {
		p.alarm.timer = time.AfterFunc(d, p.ring)
	} else {
		p.alarm.timer.Reset(d)
	}
}

// ring looks after all flights; each says when it is to be done again. One that
// has just read the old time and is content with it is among them: it was
// there before.
func (p *Proxy) ring() {
	p.alarm.mu.Lock()
	p.alarm.wake.Store(int64(never))
	p.alarm.mu.Unlock()
	p.mu.Lock()
	all := slices.Collect(maps.Keys(p.flights))
	p.mu.Unlock()
	for _, f := range all {
		f.ring()
	}
}

// bufferSize is what one read of an answer takes at most: past 64 KiB larger
// buffers copied no faster.
const bufferSize = 64 << 10

// New checks the settings and returns a proxy. It opens no connection.
func New(c Config) (*Proxy, error) {
	p := &Proxy{
		log:     c.Logger,
		flights: map[*flight]struct{}{},
		epoch:   time.Now(),
	}
	p.alarm.wake.Store(int64(never))
	p.buffers.New = func() any { b := make([]byte, bufferSize); return &b }
	if p.log == nil {
		p.log = slog.New(slog.DiscardHandler)
	}
	dial := c.DialContext
	if dial == nil {
		dial = (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext
	}
	p.def = c.Default.over(builtin)
	p.def.Addresses, p.def.TLS = nil, nil
	p.transport = newTransport(p.def, "", dial)
	var problems []error
	var err error
	if p.allow, err = newAllowList(c.Allow); err != nil {
		problems = append(problems, err)
	}
	p.origins.known = map[site]*origin{}
	for _, name := range slices.Sorted(maps.Keys(c.Upstreams)) {
		if err := p.addUpstream(name, c.Upstreams[name].over(p.def), dial); err != nil {
			problems = append(problems, err)
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return p, nil
}

// Allows reports whether the host of an origin, such as
// "https://api.example.com", may be asked.
func (p *Proxy) Allows(origin string) bool {
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	s, err := siteOf(u)
	return err == nil && p.allow.allows(s)
}

// addUpstream makes an origin with options of its own.
func (p *Proxy) addUpstream(name string, o Options, dial dialFunc) error {
	wrong := func(why string) error {
		return &SettingError{Setting: "proxy.upstreams", Entry: name, Text: fmt.Sprintf("proxy.upstreams: %q is no origin: %s", name, why), Hint: "it is a scheme and a host, such as https://api.example.com"}
	}
	u, err := url.Parse(name)
	if err != nil {
		return wrong("it is no URL")
	}
	site, err := siteOf(u)
	if err != nil {
		return wrong(err.Error())
	}
	if u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "" {
		return wrong("something stands behind the host")
	}
	if p.origins.known[site] != nil {
		return &SettingError{Setting: "proxy.upstreams", Entry: name, Text: fmt.Sprintf("proxy.upstreams: the origin %q is there twice", name)}
	}
	or := &origin{site: site, host: site.host(), options: o, transport: newTransport(o, site.name, dial)}
	for _, a := range o.Addresses {
		host, err := hostPort(a, site.scheme)
		if err != nil {
			return &SettingError{Setting: "proxy.upstreams", Entry: a, Text: fmt.Sprintf("proxy.upstreams[%q].addresses: %q is no address", name, a), Hint: "it is a host with its port, such as 10.0.0.7:8080; the scheme is that of the origin"}
		}
		or.addresses = append(or.addresses, &address{host: host})
	}
	if len(or.addresses) == 0 {
		or.addresses = []*address{{host: site.address()}}
	}
	or.configured = true
	p.origins.known[site] = or
	return nil
}

var builtin = Options{
	Limits: Limits{
		ConnectTimeout:  10 * time.Second,
		ResponseTimeout: 30 * time.Second,
		IdleTimeout:     5 * time.Minute,
	},
	BreakerFailures:        5,
	BreakerTime:            10 * time.Second,
	FlushInterval:          50 * time.Millisecond,
	MaxResponseHeaderBytes: 64 << 10,
}

// over returns o with what is zero taken from below.
func (o Options) over(below Options) Options {
	o.Limits = o.Limits.over(below.Limits)
	inherit(&o.MaxConcurrent, below.MaxConcurrent)
	inherit(&o.BreakerFailures, below.BreakerFailures)
	inherit(&o.BreakerTime, below.BreakerTime)
	inherit(&o.FlushInterval, below.FlushInterval)
	inherit(&o.MaxResponseHeaderBytes, below.MaxResponseHeaderBytes)
	return o
}

func (l Limits) over(below Limits) Limits {
	inherit(&l.ConnectTimeout, below.ConnectTimeout)
	inherit(&l.ResponseTimeout, below.ResponseTimeout)
	inherit(&l.IdleTimeout, below.IdleTimeout)
	inherit(&l.TotalTimeout, below.TotalTimeout)
	return l
}

func inherit[T int | int64 | time.Duration](v *T, below T) {
	if *v == 0 {
		*v = below
	}
}

// site is scheme, host and port of an origin, in the one spelling that there is.
type site struct {
	scheme string
	name   string // without port; IPv6 without brackets
	port   string
}

func (s site) String() string  { return s.scheme + "://" + s.address() }
func (s site) address() string { return net.JoinHostPort(s.name, s.port) }

// host is the value of the Host field: without the port when it is the
// scheme's own (RFC 9110 §7.2 with §4.2.3).
func (s site) host() string {
	if s.port == defaultPort(s.scheme) {
		if strings.Contains(s.name, ":") {
			return "[" + s.name + "]"
		}
		return s.name
	}
	return s.address()
}

func defaultPort(scheme string) string {
	if scheme == "https" {
		return "443"
	}
	return "80"
}

func siteOf(u *url.URL) (site, error) {
	s := site{scheme: strings.ToLower(u.Scheme), name: strings.ToLower(u.Hostname()), port: u.Port()}
	switch {
	case s.scheme != "http" && s.scheme != "https":
		return s, fmt.Errorf("want http or https, not %q", u.Scheme)
	case s.name == "":
		return s, errors.New("it has no host")
	case u.User != nil:
		// Sent as a header they would go where the rule's author did not look.
		return s, errors.New("it has a name and a password")
	case s.port == "":
		s.port = defaultPort(s.scheme)
	}
	if n, err := strconv.Atoi(s.port); err != nil || n < 1 || n > 65535 {
		return s, fmt.Errorf("%q is not a port", s.port)
	}
	return s, nil
}

// hostPort is an address with its port.
func hostPort(a, scheme string) (string, error) {
	if strings.ContainsAny(a, "/?#@ ") || a == "" {
		return "", errors.New("want host or host:port")
	}
	u, err := url.Parse(scheme + "://" + a)
	if err != nil {
		return "", errors.New("want host or host:port")
	}
	s, err := siteOf(u)
	if err != nil {
		return "", err
	}
	return s.address(), nil
}

// allowList is the hosts that may be asked; nil is any.
type allowList map[string]struct{}

func newAllowList(hosts []string) (allowList, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	l := allowList{}
	var problems []error
	for _, h := range hosts {
		wrong := &SettingError{Setting: "proxy.allow", Entry: h, Text: fmt.Sprintf("proxy.allow: %q is no host", h), Hint: "an entry is api.example.com, api.example.com:8443, or *.example.com for all names below it"}
		below, wild := strings.CutPrefix(h, "*.")
		if below == "" || strings.ContainsAny(below, "*/?#@ ") {
			problems = append(problems, wrong)
			continue
		}
		u, err := url.Parse("http://" + below)
		if err != nil || u.Hostname() == "" {
			problems = append(problems, wrong)
			continue
		}
		h = strings.ToLower(u.Hostname())
		if wild {
			h = "*." + h
		}
		if u.Port() != "" {
			h = net.JoinHostPort(h, u.Port())
		}
		l[h] = struct{}{}
	}
	return l, errors.Join(problems...)
}

func (l allowList) allows(s site) bool {
	if l == nil || l.has(s.name, s.port) {
		return true
	}
	for i := strings.IndexByte(s.name, '.'); i >= 0; {
		if l.has("*"+s.name[i:], s.port) {
			return true
		}
		next := strings.IndexByte(s.name[i+1:], '.')
		if next < 0 {
			break
		}
		i += 1 + next
	}
	return false
}

func (l allowList) has(name, port string) bool {
	if _, ok := l[name]; ok {
		return true
	}
	_, ok := l[net.JoinHostPort(name, port)]
	return ok
}

// Close ends what is under way, waits for it and closes all connections.
// Requests that come later are answered with 503.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	for f := range p.flights {
		f.kill(errClosed)
	}
	p.mu.Unlock()
	p.all.Wait()
	p.alarm.mu.Lock()
	if p.alarm.timer != nil {
		p.alarm.timer.Stop()
	}
	p.alarm.mu.Unlock()
	p.transport.close()
	p.origins.mu.Lock()
	defer p.origins.mu.Unlock()
	for _, o := range p.origins.known {
		o.transport.close()
	}
}

// Serve answers r with what the target says. Header fields that w has already
// stay: they come before the upstream's of the same name, and only those that
// are lists (Set-Cookie, Vary, …) have both.
//
// An error is an *Error and means that nothing was written. When an answer
// breaks off after its header was written, Serve panics with
// http.ErrAbortHandler, so that the client cannot take the part for the whole.
func (p *Proxy) Serve(w http.ResponseWriter, r *http.Request, t Target) error {
	switch r.Method {
	case http.MethodConnect, http.MethodTrace:
		// CONNECT would make a tunnel to anywhere; TRACE shows the header that
		// we sent, cookies and all (RFC 9110 §9.3.8).
		w.Header().Set("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
		return &Error{Status: http.StatusMethodNotAllowed, Reason: "the method " + r.Method + " is not passed on"}
	}
	s, err := siteOf(t.URL)
	if err != nil {
		return &Error{Status: http.StatusBadGateway, Reason: "the upstream's address is not valid", Err: err}
	}
	if !p.allow.allows(s) {
		p.log.Warn("proxy: a host that is not allowed", "id", t.ID, "host", s.address())
		return &Error{Status: http.StatusBadGateway, Reason: "the upstream's host is not allowed", Err: fmt.Errorf("%s is not in the list of allowed hosts", s.address())}
	}
	target, err := requestURL(t.URL, s)
	if err != nil {
		return &Error{Status: http.StatusBadRequest, Reason: "the address cannot be passed on", Err: err}
	}
	o := p.origins.get(s, p)
	if err := o.enter(); err != nil {
		return err
	}
	defer o.leave()
	f := newFlight(p, w, r, o, t)
	if !p.begin(f) {
		return &Error{Status: http.StatusServiceUnavailable, Reason: "the server is stopping", Err: errClosed}
	}
	defer p.end(f)
	if err := f.serve(target); err != nil {
		return err // a *Error that is nil would not be a nil error
	}
	return nil
}

// begin takes note of a request, unless the proxy is closed.
func (p *Proxy) begin(f *flight) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		f.cancel(errClosed)
		return false
	}
	p.flights[f] = struct{}{}
	p.all.Add(1)
	return true
}

func (p *Proxy) end(f *flight) {
	f.finish()
	p.mu.Lock()
	delete(p.flights, f)
	p.mu.Unlock()
	p.all.Done()
}
