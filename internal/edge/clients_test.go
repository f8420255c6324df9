package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// asked is a request as net/http's server gives it: from an address, with a
// host, and with header fields in turn.
func asked(from, host string, fields ...string) *http.Request {
	r := httptest.NewRequest("GET", "/p", nil)
	r.RemoteAddr, r.Host = from, host
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	ctx := context.WithValue(r.Context(), http.ServerContextKey, &http.Server{})
	return r.WithContext(ctx)
}

func clients(t testing.TB, c ClientsConfig) *Clients {
	t.Helper()
	cl, err := NewClients(c)
	if err != nil {
		t.Fatal(err)
	}
	return cl
}

func status(err error) int {
	var e *Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}

func TestPeer(t *testing.T) {
	const proxy, far = "10.0.0.1:999", "8.8.8.8:999"
	behind := ClientsConfig{TrustedProxies: []string{"10.0.0.0/8", "::1"}}
	for _, c := range []struct {
		name   string
		config ClientsConfig
		r      *http.Request
		want   string // address, origin, port
		status int
		left   []string // of the forwarded headers, "Name: value"
	}{
		{name: "plain", r: asked(far, "Example.COM:3000"), want: "8.8.8.8 http://example.com:3000 3000"},
		{name: "own port", r: asked(far, "example.com:80"), want: "8.8.8.8 http://example.com 80"},
		{name: "mapped address", r: asked("[::ffff:8.8.8.8]:1", "a"), want: "8.8.8.8 http://a 80"},
		{name: "zone", r: asked("[fe80::1%eth0]:1", "a"), want: "fe80::1 http://a 80"},
		{name: "IPv6 host", r: asked(far, "[0:0::1]:81"), want: "8.8.8.8 http://[::1]:81 81"},

		{name: "untrusted", config: behind, want: "8.8.8.8 http://a 80",
			r: asked(far, "a", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.test", "X-Forwarded-Port", "1",
				"Forwarded", "for=6.6.6.6", "X-Real-Ip", "6.6.6.6", "X-Forwarded-Uri", "/", "X-Forwarded-User", "root", "X-Forwarded", "x")},
		{name: "nobody is trusted", want: "10.0.0.1 http://a 80", r: asked(proxy, "a", "X-Forwarded-For", "6.6.6.6")},
		{name: "untrusted and malformed", config: behind, want: "8.8.8.8 http://a 80", r: asked(far, "a", "Forwarded", `for="`)},

		{name: "one proxy", config: behind, want: "1.2.3.4 https://public.test 443", left: []string{"X-Forwarded-For: 1.2.3.4", "X-Forwarded-Host: public.test", "X-Forwarded-Proto: https"},
			r: asked(proxy, "internal:3000", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "public.test")},
		{name: "forged in front", config: behind, want: "1.2.3.4 http://a 80", left: []string{"X-Forwarded-For: 1.2.3.4"},
			r: asked(proxy, "a", "X-Forwarded-For", "6.6.6.6, garbage , 1.2.3.4")},
		{name: "forged in a line of its own", config: behind, want: "1.2.3.4 http://a 80", left: []string{"X-Forwarded-For: 1.2.3.4"},
			r: asked(proxy, "a", "X-Forwarded-For", "6.6.6.6", "X-Forwarded-For", "1.2.3.4")},
		{name: "forged as a trusted one", config: behind, want: "1.2.3.4 http://a 80", left: []string{"X-Forwarded-For: 1.2.3.4, 10.0.0.9"},
			r: asked(proxy, "a", "X-Forwarded-For", "10.6.6.6, 1.2.3.4, 10.0.0.9")},
		{name: "all are trusted", config: behind, want: "10.0.0.3 http://a 80", left: []string{"X-Forwarded-For: 10.0.0.3, 10.0.0.2"},
			r: asked(proxy, "a", "X-Forwarded-For", "10.0.0.3, 10.0.0.2")},
		{name: "a port and brackets", config: behind, want: "2001:db8::1 http://a 80", left: []string{"X-Forwarded-For: 2001:db8::1, 10.0.0.2"},
			r: asked(proxy, "a", "X-Forwarded-For", "[2001:DB8::1]:55, 10.0.0.2:1")},
		{name: "mapped and trusted", config: behind, want: "1.2.3.4 http://a 80", left: []string{"X-Forwarded-For: 1.2.3.4, 10.0.0.2"},
			r: asked(proxy, "a", "X-Forwarded-For", "1.2.3.4, ::ffff:10.0.0.2")},
		{name: "unknown", config: behind, want: "invalid IP http://a 80", left: []string{"X-Forwarded-For: unknown"}, r: asked(proxy, "a", "X-Forwarded-For", "6.6.6.6, unknown")},
		{name: "X-Real-IP alone is not believed", config: behind, want: "10.0.0.1 http://a 80", r: asked(proxy, "a", "X-Real-Ip", "6.6.6.6")},
		{name: "X-Real-IP is the client", config: behind, want: "1.2.3.4 http://a 80", left: []string{"X-Forwarded-For: 1.2.3.4", "X-Real-Ip: 1.2.3.4"}, r: asked(proxy, "a", "X-Real-Ip", "6.6.6.6", "X-Forwarded-For", "1.2.3.4")},
		{name: "malformed", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-For", "1.2.3.4, x.y")},
		{name: "malformed proto", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-Proto", "gopher")},
		{name: "malformed host", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-Host", "a/b")},
		{name: "malformed port", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-Port", "99999")},
		{name: "too many", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-For", strings.Repeat("10.0.0.1,", 40))},
		{name: "many in front", config: behind, want: "1.2.3.4 http://a 80", left: []string{"X-Forwarded-For: 1.2.3.4"}, r: asked(proxy, "a", "X-Forwarded-For", strings.Repeat("10.0.0.1,", 400)+"1.2.3.4")},

		{name: "lists of two proxies", config: behind, want: "1.2.3.4 https://b.test 443", left: []string{"X-Forwarded-For: 1.2.3.4, 10.0.0.2", "X-Forwarded-Host: evil.test, b.test, c.test", "X-Forwarded-Proto: http, https, http"},
			r: asked(proxy, "a", "X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.0.0.2", "X-Forwarded-Proto", "http, https, http", "X-Forwarded-Host", "evil.test, b.test, c.test")},
		{name: "a port of no scheme", config: behind, want: "10.0.0.1 https://a:8443 8443", r: asked(proxy, "a", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "8443"), left: []string{"X-Forwarded-Port: 8443", "X-Forwarded-Proto: https"}},
		{name: "a port of the other scheme", config: behind, want: "10.0.0.1 https://a 443", r: asked(proxy, "a", "X-Forwarded-Proto", "https", "X-Forwarded-Port", "80"), left: []string{"X-Forwarded-Port: 80", "X-Forwarded-Proto: https"}},
		{name: "wss", config: behind, want: "10.0.0.1 https://a 443", r: asked(proxy, "a", "X-Forwarded-Proto", "wss"), left: []string{"X-Forwarded-Proto: wss"}},

		{name: "standard", config: behind, want: "2001:db8::1 https://b.test:81 81", left: []string{"X-Forwarded-For: 2001:db8::1, 10.0.0.2"},
			r: asked(proxy, "a", "Forwarded", `for=6.6.6.6;host=evil.test , For="[2001:db8::1]:4711" ; Proto=https;host="b.test:81", for=10.0.0.2;by=_x`)},
		{name: "standard, unknown", config: behind, want: "invalid IP https://a 443", left: []string{"X-Forwarded-For: unknown"}, r: asked(proxy, "a", "Forwarded", "for=6.6.6.6, for=_hidden;proto=https")},
		{name: "standard without for", config: behind, want: "invalid IP https://a 443", left: []string{"X-Forwarded-For: unknown"}, r: asked(proxy, "a", "Forwarded", "proto=https")},
		{name: "standard, open quote", config: behind, status: 400, r: asked(proxy, "a", "Forwarded", `for="6.6.6.6, for=1.2.3.4`)},
		{name: "standard, twice", config: behind, status: 400, r: asked(proxy, "a", "Forwarded", `for=1.2.3.4;for=1.2.3.5`)},
		{name: "standard, no quotes", config: behind, status: 400, r: asked(proxy, "a", "Forwarded", `for=[::2]`)},
		{name: "standard, long", config: behind, status: 400, r: asked(proxy, "a", "Forwarded", "for=1.2.3.4;x="+strings.Repeat("y", 5000))},
		{name: "standard, many", config: behind, status: 400, r: asked(proxy, "a", "Forwarded", strings.Repeat("for=1.2.3.4,", 50))},

		{name: "both, one says more", config: behind, want: "1.2.3.4 https://a 443", left: []string{"X-Forwarded-For: 1.2.3.4"}, r: asked(proxy, "a", "X-Forwarded-For", "1.2.3.4", "Forwarded", "for=1.2.3.4;proto=https")},
		{name: "both, two clients", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-For", "1.2.3.4", "Forwarded", "for=6.6.6.6")},
		{name: "both, two schemes", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-Proto", "http", "Forwarded", "proto=https")},
		{name: "both, two hosts", config: behind, status: 400, r: asked(proxy, "a", "X-Forwarded-Host", "b", "Forwarded", "host=c")},
		{name: "both, one is read", config: ClientsConfig{TrustedProxies: behind.TrustedProxies, Forwarding: XForwarded}, want: "1.2.3.4 http://a 80", left: []string{"X-Forwarded-For: 1.2.3.4"},
			r: asked(proxy, "a", "X-Forwarded-For", "1.2.3.4", "Forwarded", `for=6.6.6.6;proto="`)},
		{name: "both, the other is read", config: ClientsConfig{TrustedProxies: behind.TrustedProxies, Forwarding: Standard}, want: "6.6.6.6 http://a 80", left: []string{"X-Forwarded-For: 6.6.6.6"},
			r: asked(proxy, "a", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "b", "Forwarded", `for=6.6.6.6`)},

		{name: "public origin", config: ClientsConfig{PublicOrigin: "https://Example.com:443"}, want: "8.8.8.8 https://example.com 443", r: asked(far, "evil.test")},
		{name: "public origin and hosts", config: ClientsConfig{PublicOrigin: "https://example.com", AllowedHosts: []string{"b"}}, want: "8.8.8.8 https://example.com 443", r: asked(far, "example.com")},
		{name: "public origin and another host", config: ClientsConfig{PublicOrigin: "https://example.com", AllowedHosts: []string{"b"}}, status: 421, r: asked(far, "c")},
		{name: "host of a proxy not allowed", config: ClientsConfig{TrustedProxies: []string{"private"}, AllowedHosts: []string{"b"}}, status: 421, r: asked(proxy, "b", "X-Forwarded-Host", "c"), left: []string{"X-Forwarded-Host: c"}},
		{name: "host behind a proxy", config: ClientsConfig{TrustedProxies: []string{"private"}, AllowedHosts: []string{"b"}}, want: "10.0.0.1 http://b 80", r: asked(proxy, "internal", "X-Forwarded-Host", "b"), left: []string{"X-Forwarded-Host: b"}},
		{name: "loopback is not private", config: ClientsConfig{TrustedProxies: []string{"private"}}, want: "127.0.0.1 http://a 80", r: asked("127.0.0.1:1", "a", "X-Forwarded-For", "1.2.3.4")},
		{name: "loopback", config: ClientsConfig{TrustedProxies: []string{"loopback"}}, want: "1.2.3.4 http://a 80", r: asked("[::1]:1", "a", "X-Forwarded-For", "1.2.3.4"), left: []string{"X-Forwarded-For: 1.2.3.4"}},
		{name: "mapped prefix", config: ClientsConfig{TrustedProxies: []string{"::ffff:10.0.0.0/104"}}, want: "1.2.3.4 http://a 80", r: asked(proxy, "a", "X-Forwarded-For", "1.2.3.4"), left: []string{"X-Forwarded-For: 1.2.3.4"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cl := clients(t, c.config)
			p, err := cl.Peer(c.r)
			if status(err) != c.status {
				t.Fatalf("the error is %v, want status %d", err, c.status)
			}
			var left []string
			for name, lines := range c.r.Header {
				if isForwarded(name) {
					for _, l := range lines {
						left = append(left, name+": "+l)
					}
				}
			}
			slices.Sort(left)
			if !slices.Equal(left, c.left) {
				t.Errorf("the header keeps %q, want %q", left, c.left)
			}
			if err != nil {
				return
			}
			if got := p.Addr.String() + " " + p.Origin + " " + p.Port; got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if p.Origin != p.Proto+"://"+p.Host {
				t.Errorf("%+v has an origin of its own", p)
			}
		})
	}
}

func TestPeerDropsInternalHeaders(t *testing.T) {
	cl := clients(t, ClientsConfig{})
	r := asked("1.1.1.1:1", "a", "x-middleware-subrequest", "m", "X-Nextjs-Data", "1", "X-PORTICO-Dev", "1", "x-invoke-path", "/", "x-now-route-matches", "1",
		"x-next-x", "1", "x-matched-path", "/", "next-resume", "1", "x_real_ip", "1", "X_User-Id", "1", "X-User-Id", "keep", "X-Nexttime", "keep", "X", "keep")
	if _, err := cl.Peer(r); err != nil {
		t.Fatal(err)
	}
	for name, v := range r.Header {
		if v[0] != "keep" {
			t.Errorf("%s is left", name)
		}
	}
	if len(r.Header) != 3 {
		t.Errorf("left are %v", r.Header)
	}
}

// What a client names in Connection ends here, so that it takes nothing from
// what is added later.
func TestPeerEndsConnectionFields(t *testing.T) {
	for _, c := range []struct {
		sent []string
		left string // of Connection
		gone bool   // X-User-Id
	}{
		{[]string{"close"}, "close", false},
		{[]string{"close, x-user-id"}, "close", true},
		{[]string{"Upgrade", " X-USER-ID ,,"}, "Upgrade", true},
		{[]string{"x-user-id"}, "", true},
		{[]string{"keep-alive, Upgrade, X-Forwarded-For, connection"}, "keep-alive, Upgrade", false},
	} {
		h := http.Header{"Connection": c.sent, "X-User-Id": {"1"}, "X-Forwarded-For": {"203.0.113.7"}, "Upgrade": {"websocket"}}
		clean(h)
		if h.Get("Connection") != c.left || (h["X-User-Id"] == nil) != c.gone || h["X-Forwarded-For"] == nil || h["Upgrade"] == nil {
			t.Errorf("%q leaves %v", c.sent, h)
		}
	}
}

// Over HTTP/2 a method may come as any text.
func TestPeerMethods(t *testing.T) {
	cl := clients(t, ClientsConfig{})
	for method, ok := range map[string]bool{"": true, "GET": true, "PROPFIND": true, "M-SEARCH": true, "get": true, "GET /x": false, "GET\t": false, "GÉT": false, "A:B": false} {
		r := asked("1.1.1.1:1", "a", "X-Forwarded-For", "6.6.6.6")
		r.Method = method
		_, err := cl.Peer(r)
		var refused *Error
		if (err == nil) != ok || err != nil && (!errors.As(err, &refused) || refused.Status != 400) || r.Header["X-Forwarded-For"] != nil {
			t.Errorf("%q: %v, %v", method, err, r.Header)
		}
	}
}

func TestPeerOverTLS(t *testing.T) {
	r := asked("1.1.1.1:1", "a:443")
	r.TLS = &tls.ConnectionState{}
	if p, err := clients(t, ClientsConfig{}).Peer(r); err != nil || p.Origin != "https://a" || p.Port != "443" {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestPeerOnUnixSocket(t *testing.T) {
	on := func(c ClientsConfig) (Peer, error) {
		r := asked("@", "a", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https")
		r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.UnixAddr{Net: "unix", Name: "/s"})))
		return clients(t, c).Peer(r)
	}
	if p, err := on(ClientsConfig{TrustedProxies: []string{"loopback", "0.0.0.0/0", "::/0"}}); err != nil || p.Trusted || p.Addr.IsValid() || p.Proto != "http" {
		t.Errorf("not listed: %+v, %v", p, err)
	}
	if p, err := on(ClientsConfig{TrustedProxies: []string{"unix"}}); err != nil || !p.Trusted || p.Addr.String() != "1.2.3.4" || p.Origin != "https://a" {
		t.Errorf("listed: %+v, %v", p, err)
	}
	// A connection of another kind without an address is not one of a unix socket.
	if p, err := clients(t, ClientsConfig{TrustedProxies: []string{"unix"}}).Peer(asked("pipe", "a", "X-Forwarded-For", "1.2.3.4")); err != nil || p.Trusted || p.Addr.IsValid() {
		t.Errorf("a pipe: %+v, %v", p, err)
	}
}

func TestPeerWithoutHost(t *testing.T) {
	r := asked("1.1.1.1:1", "")
	if _, err := clients(t, ClientsConfig{}).Peer(r); status(err) != 400 {
		t.Errorf("HTTP/1.1: %v", err)
	}
	r.Proto, r.ProtoMinor = "HTTP/1.0", 0
	if p, err := clients(t, ClientsConfig{AllowedHosts: []string{"b"}}).Peer(r); err != nil || p.Origin != "http://localhost" {
		t.Errorf("HTTP/1.0 without an address: %+v, %v", p, err)
	}
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(&net.TCPAddr{IP: net.ParseIP("::1"), Port: 3000})))
	if p, err := clients(t, ClientsConfig{}).Peer(r); err != nil || p.Origin != "http://[::1]:3000" {
		t.Errorf("HTTP/1.0: %+v, %v", p, err)
	}
}

// A target that is a whole URL names the host in place of Host (card X1).
func TestTargets(t *testing.T) {
	listed := ClientsConfig{AllowedHosts: []string{"a.test", "ip"}}
	for _, c := range []struct {
		method, target string
		config         ClientsConfig
		status         int
	}{
		{"GET", "http://169.254.169.254/x", ClientsConfig{}, 400},
		{"GET", "http://169.254.169.254/x", ClientsConfig{AllowedHosts: DevelopmentHosts("")}, 400},
		{"GET", "http://a.test/x", ClientsConfig{}, 400},
		{"GET", "http://a.test/x", listed, 0},
		{"GET", "http://A.test:80/x", listed, 0},
		{"GET", "http://a.test/x", ClientsConfig{PublicOrigin: "http://a.test"}, 0},
		{"GET", "http://b.test/x", ClientsConfig{PublicOrigin: "http://a.test"}, 400},
		{"GET", "http://b.test/x", listed, 400},
		{"GET", "http://169.254.169.254/", listed, 400},
		{"GET", "http://u@a.test/x", listed, 400},
		{"GET", "gopher://a.test/x", listed, 400},
		{"GET", "file:///etc/passwd", listed, 400},
		{"GET", "mailto:x", listed, 400},
		{"OPTIONS", "*", listed, 400},
		{"GET", "*", listed, 400},
		{"CONNECT", "a.test:443", listed, 405},
	} {
		r, err := http.ReadRequest(reader(c.method + " " + c.target + " HTTP/1.1\r\nHost: a.test\r\n\r\n"))
		if err != nil {
			if c.status != 400 {
				t.Errorf("%s %s: %v", c.method, c.target, err)
			}
			continue // net/http refuses it
		}
		r.RemoteAddr = "1.1.1.1:1"
		r = r.WithContext(context.WithValue(r.Context(), http.ServerContextKey, &http.Server{}))
		if _, err := clients(t, c.config).Peer(r); status(err) != c.status {
			t.Errorf("%s %s: %v, want status %d", c.method, c.target, err, c.status)
		}
	}
	// In a test of a user's there is no server, and httptest writes whole URLs.
	if _, err := clients(t, ClientsConfig{}).Peer(httptest.NewRequest("GET", "http://a.test/x", nil)); err != nil {
		t.Errorf("httptest.NewRequest: %v", err)
	}
}

func TestHosts(t *testing.T) {
	long := strings.Repeat("a", 63)
	for host, want := range map[string]string{
		"example.com": "example.com", "EXAMPLE.com": "example.com", "a_b.c-d": "a_b.c-d", "example.com.": "example.com.",
		"localhost:0": "localhost:0", "1.2.3.4": "1.2.3.4", "[::1]": "[::1]", "[2001:DB8:0::1]:8080": "[2001:db8::1]:8080", "[::ffff:1.2.3.4]": "[::ffff:102:304]",
		"xn--bcher-kva.example": "xn--bcher-kva.example", "xn--mnchen-3ya.de:81": "xn--mnchen-3ya.de:81",
		"1a.2b": "1a.2b", "a.0xg": "a.0xg", long + ".a": long + ".a", "-a-.b": "-a-.b",

		"": "", "a..b": "", ".a": "", ".": "", "a b": "", "a/b": "", "a@b": "", "a?b": "", "a#b": "", "a\\b": "", "a%41": "", "ä.de": "", "a,b": "", "a\x00": "", "a\r\nb": "",
		"a:": "", "a:b": "", "a:99999": "", "a:080": "", "a:+80": "", "a:80:80": "", "::1": "", "[::1": "", "[]": "", "[1.2.3.4]": "", "[::1]x": "", "[::1]:": "", "[fe80::1%25eth0]": "", "[fe80::1%eth0]": "",
		"1.2.3": "", "127.1": "", "0x7f.1": "", "0x7f000001": "", "2130706433": "", "1.2.3.4.": "", "1.2.3.04": "", "256.1.1.1": "", "a.1": "", "a.0x": "",
		long + "a.b": "", strings.Repeat("a.", 130) + "b": "", strings.Repeat("a", 300): "",
		// Card P12: what does not need Punycode, or is not the one way to write it.
		"xn--example-.com": "", "xn--.com": "", "xn--a.com": "", "XN--EXAMPLE-.com": "", "xn--99999999.com": "", "a.xn--xn---epa.com": "",
	} {
		h, err := parseHost(host)
		got := ""
		if err == nil {
			if got = h.http.host; h.port == "80" {
				got += ":80"
			}
		}
		if got != want {
			t.Errorf("%q is %q (%v), want %q", host, got, err, want)
		}
		if err != nil && status(err) != 400 {
			t.Errorf("%q: status %d", host, status(err))
		}
	}
}

func TestAllowedHosts(t *testing.T) {
	for _, c := range []struct {
		allowed []string
		yes, no []string
	}{
		{nil, []string{"a", "1.2.3.4", "evil.test"}, nil},
		{[]string{"Example.com"}, []string{"example.com", "EXAMPLE.COM:81", "example.com."}, []string{"a.example.com", "notexample.com", "example.com.evil.test", "1.2.3.4"}},
		{[]string{"example.com:81"}, []string{"example.com:81"}, []string{"example.com", "example.com:80"}},
		{[]string{"*.example.com"}, []string{"a.example.com", "a.b.example.com:1"}, []string{"example.com", "notexample.com", "evil.test"}},
		{[]string{"::1", "[2001:db8::1]:81"}, []string{"[::1]", "[0::1]:5", "[2001:db8::1]:81"}, []string{"[::2]", "[2001:db8::1]"}},
		{DevelopmentHosts("my.host"), []string{"localhost:3000", "a.localhost", "127.0.0.1:3000", "[::1]:3000", "192.168.1.7", "my.host"}, []string{"evil.test", "localhost.evil.test", "127.0.0.1.evil.test"}},
		{DevelopmentHosts(""), []string{"localhost"}, []string{"my.host"}},
	} {
		cl := clients(t, ClientsConfig{AllowedHosts: c.allowed})
		for _, list := range [][]string{c.yes, c.no} {
			for _, h := range list {
				_, err := cl.Peer(asked("1.1.1.1:1", h))
				if want := map[bool]int{true: 0, false: 421}[slices.Contains(c.yes, h)]; status(err) != want {
					t.Errorf("%v: %s gets %v, want %d", c.allowed, h, err, want)
				}
			}
		}
	}
}

func TestClientsErrors(t *testing.T) {
	_, err := NewClients(ClientsConfig{
		TrustedProxies: []string{"10.0.0.0/33", "proxy.test", "loopback"},
		AllowedHosts:   []string{"http://a", "a/b", "*.1.2.3.4", "ok"},
		PublicOrigin:   "https://example.com/",
	})
	want := `trustedProxies: "10.0.0.0/33" is no address
hint: an entry is an address, a CIDR such as 10.0.0.0/8, or one of loopback, private and unix
trustedProxies: "proxy.test" is no address
hint: an entry is an address, a CIDR such as 10.0.0.0/8, or one of loopback, private and unix
allowedHosts: "http://a" is no host
hint: an entry is a host without the scheme
allowedHosts: "a/b" is no host
hint: an entry is a host such as example.com or example.com:8080, *.example.com for all names below it, or ip for any IP address
allowedHosts: "*.1.2.3.4" is no host
hint: an entry is a host such as example.com or example.com:8080, *.example.com for all names below it, or ip for any IP address
publicOrigin: "https://example.com/" is no origin
hint: it is a scheme and a host, such as https://example.com, and nothing behind them`
	if err == nil || err.Error() != want {
		t.Errorf("the error is\n%v\nwant\n%s", err, want)
	}
	for _, origin := range []string{"example.com", "ftp://example.com", "https://", "https://a b", "https://a@b", "https://a?b"} {
		if _, err := NewClients(ClientsConfig{PublicOrigin: origin}); err == nil {
			t.Errorf("%s is taken", origin)
		}
	}
}

func TestForwardedHeaders(t *testing.T) {
	cl := clients(t, ClientsConfig{TrustedProxies: []string{"10.0.0.0/8"}})
	r := asked("10.0.0.1:1", "a", "X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.0.0.2")
	p, err := cl.Peer(r)
	if got := p.ForwardedFor(r.Header); err != nil || got != "1.2.3.4, 10.0.0.2, 10.0.0.1" {
		t.Errorf("for an upstream: %q, %v", got, err)
	}
	r = asked("9.9.9.9:1", "a:81", "X-Forwarded-For", "6.6.6.6")
	p, err = cl.Peer(r)
	if got := p.ForwardedFor(r.Header); err != nil || got != "9.9.9.9" {
		t.Errorf("for an upstream: %q, %v", got, err)
	}
	p.SetForwarded(r.Header)
	for name, want := range map[string]string{"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Host": "a:81", "X-Forwarded-Port": "81", "X-Forwarded-Proto": "http"} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if got := (Peer{}).ForwardedFor(http.Header{}); got != "unknown" {
		t.Errorf("a unix socket's is %q", got)
	}
}

func TestPeerAllocatesNothing(t *testing.T) {
	cl := clients(t, ClientsConfig{TrustedProxies: []string{"private"}, AllowedHosts: []string{"*.example.com"}})
	r := asked("8.8.8.8:1234", "www.example.com", "Accept", "*/*", "User-Agent", "x", "Cookie", "a=b", "Accept-Encoding", "gzip")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := cl.Peer(r); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkPeer(b *testing.B) {
	cl := clients(b, ClientsConfig{TrustedProxies: []string{"private"}})
	plain := asked("8.8.8.8:1234", "www.example.com", "Accept", "*/*", "User-Agent", "x", "Cookie", "a=b", "Accept-Encoding", "gzip")
	b.Run("direct", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			_, _ = cl.Peer(plain)
		}
	})
	b.Run("proxied", func(b *testing.B) {
		b.ReportAllocs()
		proxied := asked("10.0.0.1:1234", "www.example.com", "Accept", "*/*", "User-Agent", "x", "Cookie", "a=b", "X-Forwarded-For", "1.2.3.4", "X-Forwarded-Proto", "https")
		for b.Loop() {
			proxied.Header["X-Forwarded-For"] = []string{"1.2.3.4"}
			_, _ = cl.Peer(proxied)
		}
	})
}

// Whatever the headers say: nothing panics, an untrusted peer has no
// influence, and a client's address is one that was written, or none.
func FuzzForwarded(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1", "for=1.2.3.4;proto=https", "https", "a.test:81", "81")
	f.Add("[2001:db8::1]:1,,unknown", `For="[2001:db8::1]:_x" ; by=_y, host="a\"b"`, "https, http", "a, b", "80,81")
	f.Add("::ffff:10.0.0.1", `for="`, "", "[::1]", "")
	f.Fuzz(func(t *testing.T, xff, forwarded, proto, host, port string) {
		fields := []string{"X-Forwarded-For", xff, "Forwarded", forwarded, "X-Forwarded-Proto", proto, "X-Forwarded-Host", host, "X-Forwarded-Port", port}
		for _, kind := range []Forwarding{AnyForwarding, XForwarded, Standard} {
			cl := clients(t, ClientsConfig{TrustedProxies: []string{"10.0.0.0/8"}, Forwarding: kind})
			r := asked("8.8.8.8:1", "a", fields...)
			p, err := cl.Peer(r)
			if err != nil || p.Addr.String() != "8.8.8.8" || p.Origin != "http://a" || len(r.Header) != 0 {
				t.Fatalf("untrusted: %+v, %v, %v", p, err, r.Header)
			}
			r = asked("10.0.0.1:1", "a", fields...)
			p, err = cl.Peer(r)
			if err != nil {
				if status(err) != 400 {
					t.Fatalf("%v", err)
				}
				continue
			}
			if p.Proto != "http" && p.Proto != "https" {
				t.Fatalf("the scheme is %q", p.Proto)
			}
			if h, err := parseHost(p.Host); err != nil || h.under(p.Proto).origin != p.Origin {
				t.Fatalf("the host is %q: %v", p.Host, err)
			}
			if !p.Addr.IsValid() || p.Addr == p.Via {
				continue
			}
			written := false
			for _, item := range strings.FieldsFunc(strings.ReplaceAll(xff+","+forwarded, `\`, ""), func(c rune) bool { return strings.ContainsRune(`,;=" `+"\t", c) }) {
				a, err := parseNode(item)
				written = written || err == nil && a == p.Addr
			}
			if !written {
				t.Fatalf("%s is written nowhere", p.Addr)
			}
		}
	})
}

func FuzzHost(f *testing.F) {
	for _, s := range []string{"example.com:80", "[::1]:1", "xn--bcher-kva.de", "1.2.3.4", "a..b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHost(s)
		if err != nil {
			return
		}
		for _, a := range []authority{h.http, h.https} {
			again, err := parseHost(a.host)
			if err != nil || again.under(a.proto) != a {
				t.Fatalf("%q is %+v, and that again %+v, %v", s, a, again, err)
			}
			if o, ok := parseOrigin(a.origin); !ok || o != a {
				t.Fatalf("the origin %q is %+v", a.origin, o)
			}
		}
		if ip, err := netip.ParseAddr(strings.Trim(h.name, "[]")); (err == nil) != h.ip {
			t.Fatalf("%q is an address: %v, %v", s, ip, h.ip)
		}
	})
}
