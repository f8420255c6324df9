package server

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// certify writes a certificate for a name, and gives a pool that trusts it.
func certify(t *testing.T, cert, key, name string) *x509.CertPool {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	kder, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: kder}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return pool
}

// secure serves over TLS with a certificate for a.test.
func secure(t *testing.T, o Options) (addr string, config *tls.Config, stop func() error) {
	t.Helper()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	pool := certify(t, cert, key, "a.test")
	o.TLS = &TLS{CertFile: cert, KeyFile: key}
	addr, stop = tcp(t, o)
	return addr, &tls.Config{RootCAs: pool, ServerName: "a.test"}, stop
}

func TestTLS(t *testing.T) {
	addr, config, _ := secure(t, Options{MaxURLBytes: 1000, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %v %q %v", r.Proto, r.TLS.ServerName, b, err)
	})})
	for _, c := range []struct {
		two  bool
		want string
	}{{false, `HTTP/1.1 a.test "body" <nil>`}, {true, `HTTP/2.0 a.test "body" <nil>`}} {
		tr := &http.Transport{TLSClientConfig: config.Clone(), Protocols: new(http.Protocols)}
		tr.Protocols.SetHTTP1(!c.two)
		tr.Protocols.SetHTTP2(c.two)
		defer tr.CloseIdleConnections()
		for path, want := range map[string]string{"/": "200 " + c.want, "/" + strings.Repeat("u", 1001): "414 "} {
			req, err := http.NewRequestWithContext(t.Context(), "POST", "https://"+addr+path, strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			res, err := tr.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if got := fmt.Sprintf("%d %s", res.StatusCode, b); err != nil || !strings.HasPrefix(got, want) {
				t.Errorf("got %s, %v, want %s", got, err, want)
			}
		}
	}
}

// HTTP/1 inside TLS is scanned as well.
func TestTLSFraming(t *testing.T) {
	addr, config, _ := secure(t, Options{Handler: http.HandlerFunc(reads)})
	c, err := tls.Dial("tcp", addr, config)
	if err != nil {
		t.Fatal(err)
	}
	got := exchange(t, c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na"+"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1000)
	if len(got) != 2 || got[0] != `200 POST / "a"` || got[1] != "400 400 Bad Request: there are both Content-Length and Transfer-Encoding" {
		t.Errorf("got %q", got)
	}
}

func TestTLSRefuses(t *testing.T) {
	addr, config, _ := secure(t, Options{Handler: http.HandlerFunc(reads), HeaderTimeout: 50 * time.Millisecond})
	old := config.Clone()
	old.MaxVersion = tls.VersionTLS11
	old.MinVersion = tls.VersionTLS10
	if c, err := tls.Dial("tcp", addr, old); err == nil {
		c.Close()
		t.Error("TLS 1.1 is spoken")
	}
	plain, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	send(t, plain, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	if b, err := io.ReadAll(plain); err != nil || !strings.HasPrefix(string(b), "HTTP/1.0 400 ") || !strings.HasSuffix(string(b), "this port speaks https\n") {
		t.Errorf("plain HTTP gets %q, %v", b, err)
	}
	silent, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if b, err := io.ReadAll(silent); err != nil || len(b) > 0 {
		t.Errorf("a silent client gets %q, %v", b, err)
	}
	// And a header has its own time on both sides of TLS.
	for _, dial := range []func() (net.Conn, error){
		func() (net.Conn, error) { return tls.Dial("tcp", addr, config) },
	} {
		c, err := dial()
		if err != nil {
			t.Fatal(err)
		}
		send(t, c, "GET / HTTP/1.1\r\n")
		if b, err := io.ReadAll(c); err != nil || len(b) > 0 {
			t.Errorf("half a header gets %q, %v", b, err)
		}
		c.Close()
	}
}

// A drain waits for streams of HTTP/2.
func TestTLSDrain(t *testing.T) {
	gate, entered := make(chan struct{}), make(chan struct{})
	addr, config, stop := secure(t, Options{Draining: func() { close(gate) }, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(entered)
		<-gate
		_, _ = io.WriteString(w, r.Proto)
	})})
	tr := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	defer tr.CloseIdleConnections()
	got := make(chan string, 1)
	go func() {
		req, err := http.NewRequestWithContext(context.Background(), "GET", "https://"+addr+"/", nil)
		if err != nil {
			got <- err.Error()
			return
		}
		res, err := tr.RoundTrip(req)
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		got <- fmt.Sprint(string(b), err)
	}()
	<-entered
	if err := stop(); err != nil {
		t.Error(err)
	}
	if s := <-got; s != "HTTP/2.0<nil>" {
		t.Errorf("got %s", s)
	}
}

// A certificate is read again when its files change; a half-written one is not
// used.
func TestCertificateReload(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certify(t, cert, key, "one.test")
	now := time.Unix(1e9, 0)
	var log strings.Builder
	f := &certFiles{cert: cert, key: key, log: slog.New(slog.NewTextHandler(&log, nil)), now: func() time.Time { return now }}
	if err := f.load(); err != nil {
		t.Fatal(err)
	}
	name := func() string {
		t.Helper()
		c, err := f.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return c.Leaf.DNSNames[0]
	}
	stamp := func(d time.Duration) {
		for _, n := range []string{cert, key} {
			if err := os.Chtimes(n, time.Time{}, time.Now().Add(d)); err != nil {
				t.Fatal(err)
			}
		}
	}
	certify(t, cert, key, "two.test")
	stamp(time.Hour)
	if got := name(); got != "one.test" {
		t.Errorf("at once it is %s", got)
	}
	now = now.Add(recheck + 1)
	if got := name(); got != "two.test" {
		t.Errorf("later it is %s", got)
	}
	if err := os.WriteFile(key, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	stamp(2 * time.Hour)
	now = now.Add(recheck + 1)
	if got := name(); got != "two.test" || !strings.Contains(log.String(), "the changed certificate is not used") {
		t.Errorf("with a broken key it is %s: %s", got, &log)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	now = now.Add(recheck + 1)
	if got := name(); got != "two.test" {
		t.Errorf("without files it is %s", got)
	}
	certify(t, cert, key, "three.test")
	stamp(3 * time.Hour)
	now = now.Add(recheck + 1)
	if got := name(); got != "three.test" {
		t.Errorf("in the end it is %s", got)
	}
}

func TestTLSErrors(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	certify(t, cert, key, "a.test")
	for want, o := range map[string]*TLS{
		"no such file":                         {CertFile: filepath.Join(dir, "x"), KeyFile: key},
		cert + " with " + cert:                 {CertFile: cert, KeyFile: cert},
		"tls.acme has no domains":              {ACME: &ACME{}},
		`there is no certificate for "*.test"`: {ACME: &ACME{Domains: []string{"*.test"}}},
		`there is no certificate for "a b"`:    {ACME: &ACME{Domains: []string{"a b"}}},
	} {
		if os.PathSeparator == '\\' && want == "no such file" {
			continue // in other words there
		}
		if err := o.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("before anything listens the error is %v, want %s", err, want)
		}
		l, err := Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		err = Serve(t.Context(), t.Context(), l, Options{Handler: http.HandlerFunc(reads), TLS: o})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %s", err, want)
		}
		if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("the listener is open: %v", err)
		}
	}
}

// Port 80 leads to https.
func TestRedirect(t *testing.T) {
	for _, c := range []struct{ origin, host, target, want string }{
		{"", "a.test:80", "/x?y=1", "308 https://a.test/x?y=1"},
		{"", "[::1]:80", "/", "308 https://[::1]/"},
		{"https://b.test:8443/", "evil.test", "/x", "308 https://b.test:8443/x"},
		{"", "a.test", "//evil.test/%2e%2e", "308 https://a.test//evil.test/%2e%2e"},
		{"", "a.test", "http://evil.test/", "400 "},
		{"", "a@b", "/", "400 "},
		{"", "", "/", "400 "},
	} {
		l, err := Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		main, err := Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addr := l.Addr().String()
		stop := start(t, []net.Listener{main}, Options{Handler: http.HandlerFunc(reads), Redirect: []net.Listener{l}, RedirectOrigin: c.origin})
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", c.target, c.host)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(res.StatusCode, " ", res.Header.Get("Location")); got != c.want {
			t.Errorf("%s at %s: got %s, want %s", c.target, c.host, got, c.want)
		}
		conn.Close()
		if err := stop(); err != nil {
			t.Error(err)
		}
	}
}

// The authority of the settings is asked, by the account of the settings, and
// a handshake for a name that is not ours fails.
func TestACME(t *testing.T) {
	asked := make(chan string, 100)
	var log lockedText
	var count atomic.Int32
	ca := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if count.Add(1) <= 100 {
			asked <- r.URL.Path
		}
		http.Error(w, `{"type":"urn:ietf:params:acme:error:malformed","detail":"no"}`, http.StatusBadRequest)
	}))
	defer ca.Close()
	addr, stop := tcp(t, Options{Handler: http.HandlerFunc(reads), Logger: slog.New(slog.NewTextHandler(&log, nil)),
		TLS: &TLS{ACME: &ACME{Domains: []string{"a.test"}, Email: "me@a.test", CA: ca.URL + "/directory", Storage: t.TempDir()}}})
	if got := <-asked; got != "/directory" {
		t.Errorf("the authority is asked for %s", got)
	}
	if c, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, ServerName: "b.test"}); err == nil {
		c.Close()
		t.Error("there is a certificate for b.test")
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}
