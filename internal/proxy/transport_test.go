package proxy

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// The certificate is that of the origin, whatever address is connected to, and
// must be trusted.
func TestTLS(t *testing.T) {
	up := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "%s %s %s", r.Proto, r.Host, r.TLS.ServerName)
	}))
	up.EnableHTTP2 = true
	up.Config.ErrorLog = quiet()
	up.StartTLS() // with a certificate for example.com and 127.0.0.1
	defer up.Close()
	trusted := &tls.Config{RootCAs: up.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}
	only1 := trusted.Clone()
	only1.NextProtos = []string{"http/1.1"}
	named := trusted.Clone()
	named.ServerName = "example.com"
	here := []string{strings.TrimPrefix(up.URL, "https://")}
	for _, c := range []struct {
		origin  string
		options Options
		want    string
	}{
		{"https://example.com", Options{Addresses: here, TLS: trusted}, "200 HTTP/2.0 example.com example.com"},
		{"https://example.com", Options{Addresses: here, TLS: only1}, "200 HTTP/1.1 example.com example.com"},
		{"https://other.test:8443", Options{Addresses: here, TLS: named}, "200 HTTP/2.0 other.test:8443 example.com"},
		{up.URL, Options{TLS: trusted}, "200 HTTP/2.0 " + here[0] + " "},
		{"https://other.test", Options{Addresses: here, TLS: trusted}, "502 no secure connection to the upstream\n"},
		{"https://example.com", Options{Addresses: here}, "502 no secure connection to the upstream\n"},
		{up.URL, Options{}, "502 no secure connection to the upstream\n"},
		{"http://example.com", Options{Addresses: here}, "400 Client sent an HTTP request to an HTTPS server.\n"},
	} {
		f := newFront(t, Config{Upstreams: map[string]Options{c.origin: c.options}}, to(t, c.origin))
		for range 2 {
			res, body := get(t, f.Client(), f.URL)
			if got := fmt.Sprintf("%d %s", res.StatusCode, body); got != c.want {
				t.Errorf("%s %v: got %q, want %q", c.origin, c.options.TLS != nil, got, c.want)
			}
		}
	}
	plain := backend(t, func(http.ResponseWriter, *http.Request) {})
	f := newFront(t, Config{}, to(t, strings.Replace(plain.URL, "http:", "https:", 1)))
	if res, body := get(t, f.Client(), f.URL); res.StatusCode != 502 || body != "no secure connection to the upstream\n" {
		t.Errorf("a server without TLS: %d %q", res.StatusCode, body)
	}
}
