// Package edge decides who is asking, from where, and whether they may: client
// addresses and hosts behind proxies, CORS, CSRF, and the line in the access log.
//
// Everything fails closed. A forwarded header counts only when the connection
// comes from a listed proxy; from anybody else it is removed, so that no script,
// Go handler or upstream sees a forged one.
package edge

import (
	"errors"
	"hash/maphash"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
)

// Error is a refusal. Its text may be shown to the client: it tells nothing
// that the request did not say itself.
type Error struct {
	// Status is the HTTP status of the answer; 0 in errors of settings.
	Status int
	Text   string
	// Hint says what to do about it; "" when there is nothing.
	Hint string
	// Setting and Entry are what is wrong with settings, for the place in their
	// file: "csrf.exempt", and the text of the entry.
	Setting, Entry string
	// Place is where it stands, when that is known already.
	Place string
}

func (e *Error) Error() string {
	text := e.Text
	if e.Place != "" {
		text = e.Place + ": " + text
	}
	if e.Hint == "" {
		return text
	}
	return text + "\nhint: " + e.Hint
}

// Forwarding is the kind of headers that the proxies in front write.
type Forwarding int

const (
	// AnyForwarding reads both kinds. A request that has both must say the same
	// in both, or it is refused: a proxy that writes one kind passes on what a
	// client wrote in the other, and nothing tells which is which.
	AnyForwarding Forwarding = iota
	// XForwarded reads X-Forwarded-For, -Proto, -Host and -Port, and removes Forwarded.
	XForwarded
	// Standard reads Forwarded (RFC 7239), and removes those.
	Standard
)

// ClientsConfig is how clients reach the server. The zero value trusts no
// proxy and serves any host.
type ClientsConfig struct {
	// TrustedProxies are addresses and CIDRs whose forwarded headers count, and
	// the names "loopback" (127.0.0.0/8, ::1), "private" (RFC 1918 and RFC 4193,
	// without loopback) and "unix" (whoever connects to a unix socket).
	TrustedProxies []string
	// Forwarding is the kind of header that they write.
	Forwarding Forwarding
	// PublicOrigin, such as https://example.com, is the origin of every request
	// whatever the request says. Its host is allowed.
	PublicOrigin string
	// AllowedHosts are the hosts that are served: example.com with any port,
	// example.com:8080, *.example.com for all names below it, and "ip" for any
	// IP address. Empty serves any.
	AllowedHosts []string
}

// DevelopmentHosts are the AllowedHosts of a development server: names that
// only lead to this machine or its network, so that no page of a foreign name
// reaches it by rebinding that name in DNS. hostname is where it listens, and
// may be empty.
func DevelopmentHosts(hostname string) []string {
	hosts := []string{"localhost", "*.localhost", "ip"}
	if _, err := parseHostPattern(hostname); err == nil {
		hosts = append(hosts, hostname)
	}
	return hosts
}

// Peer is what is known of a request's client.
type Peer struct {
	// Addr is the client's address: the nearest one that no trusted proxy has.
	// It is invalid when nobody knows, as on a unix socket.
	Addr netip.Addr
	// Via is the address of the connection; Addr, unless a proxy is between.
	Via netip.Addr
	// Proto is "http" or "https", as the client sees it.
	Proto string
	// Host is the public host in lower case, with its port unless that is the
	// scheme's own. Port is that port, written out always.
	Host, Port string
	// Origin is Proto, "://" and Host.
	Origin string
	// Trusted says that the connection comes from a trusted proxy.
	Trusted bool
}

// Clients makes Peers. It is safe for use by many goroutines.
type Clients struct {
	trusted    []netip.Prefix
	unix       bool
	forwarding Forwarding
	public     *authority
	hosts      []hostPattern

	// seen has hosts that were asked for lately, by hash: their texts are
	// written once. A stranger's hosts can push others out and no more.
	seed maphash.Seed
	seen [64]atomic.Pointer[host]
}

// NewClients checks the settings. Its errors name the entry that is wrong.
func NewClients(c ClientsConfig) (*Clients, error) {
	cl := &Clients{forwarding: c.Forwarding, seed: maphash.MakeSeed()}
	var all []error
	for _, s := range c.TrustedProxies {
		if strings.TrimSpace(s) == "unix" {
			cl.unix = true
			continue
		}
		list, err := parseProxy(s)
		if err != nil {
			all = append(all, err)
		}
		cl.trusted = append(cl.trusted, list...)
	}
	for _, s := range c.AllowedHosts {
		p, err := parseHostPattern(s)
		if err != nil {
			all = append(all, err)
			continue
		}
		cl.hosts = append(cl.hosts, p)
	}
	if c.PublicOrigin != "" {
		a, ok := parseOrigin(c.PublicOrigin)
		if !ok || a.proto != "http" && a.proto != "https" {
			all = append(all, &Error{Setting: "publicOrigin", Entry: c.PublicOrigin, Text: "publicOrigin: " + quote(c.PublicOrigin) + " is no origin", Hint: "it is a scheme and a host, such as https://example.com, and nothing behind them"})
		}
		cl.public = &a
	}
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	return cl, nil
}

// parseProxy reads an entry of TrustedProxies.
func parseProxy(s string) ([]netip.Prefix, error) {
	text := strings.TrimSpace(s)
	switch text {
	case "loopback":
		return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, nil
	case "private":
		return []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"),
			netip.MustParsePrefix("192.168.0.0/16"), netip.MustParsePrefix("fc00::/7"),
		}, nil
	}
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return []netip.Prefix{netip.PrefixFrom(a, a.BitLen())}, nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, &Error{Setting: "trustedProxies", Entry: s, Text: "trustedProxies: " + quote(s) + " is no address", Hint: "an entry is an address, a CIDR such as 10.0.0.0/8, or one of loopback, private and unix"}
	}
	if p.Addr().Is4In6() && p.Bits() >= 96 {
		p = netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-96)
	}
	return []netip.Prefix{p.Masked()}, nil
}

func (c *Clients) trusts(a netip.Addr) bool {
	for _, p := range c.trusted {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// Peer looks at a request before anything else does. It removes from r.Header
// what must not come from outside: names with an underscore, which CGI's
// readers take for others; names that parts of a server use among themselves;
// and forwarded headers, unless a trusted proxy sent them. Of those it leaves
// X-Forwarded-For with the part that trusted proxies wrote.
//
// An error is an *Error with a status: 400 for a host or target that is not
// well-formed, 421 for a host that is not served here (RFC 9110 §15.5.20: the
// server is not authoritative for it; unlike 403 and 404 that tells a client
// which coalesced connections to open another one), 405 for CONNECT.
func (c *Clients) Peer(r *http.Request) (Peer, error) {
	forwarded := clean(r.Header)
	p := Peer{Proto: "http"}
	if r.TLS != nil {
		p.Proto = "https"
	}
	p.Via, p.Trusted = c.connection(r)
	p.Addr = p.Via

	switch r.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
	default:
		// Over HTTP/2 net/http takes any text, such as "GET /other" (RFC 9110 §9.1).
		if !isToken(r.Method) {
			dropForwarded(r.Header)
			return p, &Error{Status: http.StatusBadRequest, Text: "the method " + quote(r.Method) + " is no token"}
		}
	}
	if len(r.RequestURI) == 0 || r.RequestURI[0] != '/' || r.URL.Host != "" {
		if err := c.target(r); err != nil {
			dropForwarded(r.Header)
			return p, err
		}
	}
	hostText, port := r.Host, ""
	if forwarded {
		if !p.Trusted {
			dropForwarded(r.Header)
		} else {
			f, err := c.forwarded(r.Header)
			if err != nil {
				dropForwarded(r.Header)
				return p, err
			}
			if f.hops > 0 {
				p.Addr = f.addr
			}
			if f.proto != "" {
				p.Proto = f.proto
			}
			if f.host != "" {
				hostText = f.host
			}
			port = f.port
		}
	}

	var a authority
	switch {
	case hostText != "":
		h, err := c.host(hostText)
		if err != nil {
			return p, err
		}
		if !h.allowed {
			return p, &Error{Status: http.StatusMisdirectedRequest, Text: "the host " + quote(h.name) + " is not served here", Hint: "to serve it: allowedHosts: ['" + h.name + "']"}
		}
		if port != "" && h.port == "" {
			a = newAuthority(p.Proto, h.name, port)
		} else {
			a = h.under(p.Proto)
		}
	case r.ProtoAtLeast(1, 1):
		return p, &Error{Status: http.StatusBadRequest, Text: "the Host header is empty"}
	default: // HTTP/1.0: the listener's own address stands in
		a = c.local(r, p.Proto)
	}
	if c.public != nil {
		a = *c.public
	}
	p.Proto, p.Host, p.Port, p.Origin = a.proto, a.host, a.port, a.origin
	return p, nil
}

// connection is the other end of the connection, and whether it is trusted.
func (c *Clients) connection(r *http.Request) (netip.Addr, bool) {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err == nil {
		a := ap.Addr().Unmap().WithZone("")
		return a, c.trusts(a)
	}
	if !c.unix {
		return netip.Addr{}, false
	}
	// The client's end of a unix socket has no name; ours says what it is.
	_, unix := r.Context().Value(http.LocalAddrContextKey).(*net.UnixAddr)
	return netip.Addr{}, unix
}

// target refuses request targets that are no path (RFC 9112 §3.2): they name a
// host of their own, which net/http takes in place of Host.
func (c *Clients) target(r *http.Request) error {
	bad := func(why, hint string) error {
		return &Error{Status: http.StatusBadRequest, Text: why, Hint: hint}
	}
	switch {
	case r.Method == http.MethodConnect:
		return &Error{Status: http.StatusMethodNotAllowed, Text: "CONNECT is not served: this is no proxy"}
	case r.RequestURI == "*":
		// net/http's server has answered OPTIONS * before it came here.
		return bad("the request target * has no path", "")
	case r.URL.User != nil:
		return bad("the request target has a user name", "")
	case r.URL.Host == "":
		if r.URL.Scheme != "" || r.URL.Opaque != "" {
			return bad("the request target has a scheme and no host", "")
		}
		return nil // a request made in this process, with no text of its target
	case r.URL.Host != r.Host:
		return bad("the request target and Host name different hosts", "")
	case r.Context().Value(http.ServerContextKey) == nil:
		return nil // made in this process, as by httptest.NewRequest
	}
	h, err := c.host(r.Host)
	if err != nil {
		return err
	}
	if !h.listed || r.URL.Scheme != "http" && r.URL.Scheme != "https" {
		return bad("the request target is a whole URL", "that is how clients speak to a proxy; it is served for hosts that allowedHosts or publicOrigin name")
	}
	return nil
}

// host gives a host's parts, from memory when it was asked for lately.
func (c *Clients) host(s string) (*host, error) {
	slot := &c.seen[maphash.String(c.seed, s)%uint64(len(c.seen))]
	if h := slot.Load(); h != nil && h.raw == s {
		return h, nil
	}
	h, err := parseHost(s)
	if err != nil {
		return nil, err
	}
	for i := range c.hosts {
		h.listed = h.listed || c.hosts[i].match(h) && !c.hosts[i].anyIP
		h.allowed = h.allowed || c.hosts[i].match(h)
	}
	if c.public != nil && h.under(c.public.proto).host == c.public.host {
		h.listed = true
	}
	h.allowed = h.allowed || h.listed || len(c.hosts) == 0
	slot.Store(h)
	return h, nil
}

// local is the address at which the request arrived.
func (c *Clients) local(r *http.Request, proto string) authority {
	if a, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr); ok {
		ap := a.AddrPort()
		name := ap.Addr().Unmap().WithZone("")
		if h, err := parseHost(netip.AddrPortFrom(name, ap.Port()).String()); err == nil {
			return h.under(proto)
		}
	}
	return newAuthority(proto, "localhost", "")
}

// ForwardedFor is the value of X-Forwarded-For for an upstream: the client and
// the proxies that are known to be between it and us. h is the request's
// header as Peer left it.
func (p Peer) ForwardedFor(h http.Header) string {
	via := "unknown"
	if p.Via.IsValid() {
		via = p.Via.String()
	}
	if chain := h["X-Forwarded-For"]; p.Trusted && len(chain) == 1 {
		return chain[0] + ", " + via
	}
	return via
}

// SetForwarded gives h the headers that Next.js adds to what handlers see:
// X-Forwarded-For, -Host, -Port and -Proto, of the client as it is known.
func (p Peer) SetForwarded(h http.Header) {
	if p.Addr.IsValid() && h["X-Forwarded-For"] == nil {
		h["X-Forwarded-For"] = []string{p.Addr.String()}
	}
	h["X-Forwarded-Host"] = []string{p.Host}
	h["X-Forwarded-Port"] = []string{p.Port}
	h["X-Forwarded-Proto"] = []string{p.Proto}
}
