package security

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// certificate makes a key and a certificate for 127.0.0.1.
func certificate(t *testing.T) files {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return files{
		"cert.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})),
		"key.pem":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	}
}

// open2 opens a connection that speaks HTTP/2.
func (s *server) open2(t *testing.T) (net.Conn, *http2.Framer) {
	t.Helper()
	c, err := tls.Dial("tcp", s.addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.ConnectionState().NegotiatedProtocol; got != "h2" {
		t.Fatalf("the protocol is %q", got)
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	f := http2.NewFramer(c, c)
	if err := f.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return c, f
}

// ask2 sends a request over HTTP/2 with exactly these fields, and returns the
// status and the body of the answer; the status is 0 when there is none, the
// stream or the connection having been ended.
func (s *server) ask2(t *testing.T, body string, fields ...[2]string) (status, text string) {
	t.Helper()
	c, f := s.open2(t)
	defer c.Close()
	var block bytes.Buffer
	e := hpack.NewEncoder(&block)
	for _, field := range fields {
		if err := e.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndStream: body == "", EndHeaders: true}); err != nil {
		t.Fatal(err)
	}
	if body != "" {
		_ = f.WriteData(1, true, []byte(body)) // refused already, perhaps
	}
	status = "0"
	var b strings.Builder
	d := hpack.NewDecoder(4096, func(f hpack.HeaderField) {
		if f.Name == ":status" {
			status = f.Value
		}
	})
	for {
		frame, err := f.ReadFrame()
		switch frame := frame.(type) {
		case *http2.HeadersFrame:
			if _, err := d.Write(frame.HeaderBlockFragment()); err != nil {
				t.Errorf("%v: %v", fields, err)
			}
			if frame.StreamEnded() {
				return status, b.String()
			}
		case *http2.DataFrame:
			b.Write(frame.Data())
			if frame.StreamEnded() {
				return status, b.String()
			}
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return status, b.String()
		}
		if err != nil {
			if n, ok := err.(net.Error); ok && n.Timeout() {
				t.Errorf("%q: no answer", fields)
			}
			return status, b.String()
		}
	}
}

// TestDowngrade: what HTTP/2 carries as a length and a value is text in
// HTTP/1.1: a front that writes it out as it came lets its clients write
// requests of their own (X5 and X6, one version up; the same holds for the
// cards of headers and paths).
func TestDowngrade(t *testing.T) {
	bait := newTrap(t)
	up := newUpstream(t, nil)
	s := serve(t, certificate(t).with(guarded).with(files{
		"portico.config.ts": "export default { server: { tls: { cert: 'cert.pem', key: 'key.pem' } }, rewrites: async () => [{ source: '/up/:path*', destination: process.env.UP + '/up/:path*' }] }",
		"app/echo/route.ts": echo,
	}), settings{env: []string{"UP=" + up.url}})
	head := func(method, path string, more ...string) [][2]string {
		fields := [][2]string{{":method", method}, {":scheme", "https"}, {":authority", s.addr}, {":path", path}}
		for i := 0; i < len(more); i += 2 {
			fields = append(fields, [2]string{more[i], more[i+1]})
		}
		return fields
	}
	if status, text := s.ask2(t, "four", head("POST", "/up/x", "x-a", "b")...); status != "200" || text != "upstream" || up.last().body != "four" || up.last().header.Get("X-A") != "b" {
		t.Fatalf("a well-formed request: got %s %q, and the upstream saw %v", status, text, up.last())
	}
	up.forget()
	evil := "a\r\nX-Smuggled: 1\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	for _, fields := range [][][2]string{
		head("GET", "/up/x", "x-a", evil),
		head("GET", "/up/x", "x-a", "b\nx-smuggled: 1"),
		head("GET", "/up/x", "x-a", "b\rx-smuggled: 1"),
		head("GET", "/up/x", "x-a", "b\x00x-smuggled: 1"),
		head("GET", "/up/x", "x-smuggled: 1\r\nx-a", "b"),
		head("GET", "/up/x", "x-smuggled: 1", "b"),
		head("GET", "/up/x", "X-Smuggled", "1"),
		head("GET", "/up/x", "x_smuggled", "1"),
		head("GET", "/up/x", "x-smuggled ", "1"),
		head("GET", "/up/x", "", "x-smuggled"),
		head("GET", "/up/x", "cookie", evil),
		head("GET", "/up/x HTTP/1.1\r\nX-Smuggled: 1\r\nX-A: "),
		head("GET", "/up/x\r\nX-Smuggled: 1"),
		head("GET", "/up/x /smuggled"),
		head("GET", "/up/x\tsmuggled"),
		head("GET", "/up/%0d%0aX-Smuggled:%201"),
		head("GET /smuggled HTTP/1.1\r\nX-Smuggled: 1\r\nX-A:", "/up/x"),
		head("GET\r\nX-Smuggled: 1", "/up/x"),
		head("GET /smuggled", "/up/x"),
		head("GET", "/up/x", "transfer-encoding", "chunked", "x-a", "smuggled"),
		head("GET", "/up/x", "connection", "x-a", "x-smuggled", "1"),
		head("GET", "/up/x", "upgrade", "x-smuggled", "x-a", "smuggled"),
		head("POST", "/up/x", "content-length", "4, 4", "x-a", "smuggled"),
		head("POST", "/up/x", "content-length", "4\r\nX-Smuggled: 1"),
		head("GET", "/up/x", ":path", "/up/smuggled"),
		head("GET", "/up/x", "x-a", "smuggled", ":authority", "b"),
		head("GET", "/up/x", ":smuggled", "1"),
		{{":method", "GET"}, {":scheme", "https\r\nX-Smuggled: 1"}, {":authority", s.addr}, {":path", "/up/x"}},
		{{":method", "GET"}, {":scheme", "https"}, {":authority", s.addr + "\r\nX-Smuggled: 1"}, {":path", "/up/x"}},
		{{":method", "GET"}, {":scheme", "https"}, {":authority", bait.addr() + "/smuggled?"}, {":path", "/up/x"}},
	} {
		status, text := s.ask2(t, "", fields...)
		if wire := strings.ToLower(up.bytes()); strings.Contains(wire, "smuggled: 1") || strings.Contains(wire, "get /smuggled") || strings.Contains(wire, "smuggled:1") {
			t.Errorf("%q: the upstream was sent %q", fields, up.bytes())
		}
		if status >= "500" || strings.Contains(text, "SECRET") {
			t.Errorf("%q: got %s %q", fields, status, text)
		}
	}
	for _, r := range up.requests() {
		if r.method != "GET" && r.method != "POST" || r.body != "" || !strings.HasPrefix(r.target, "/up/") || strings.ContainsAny(r.target, " \r\n\t") {
			t.Errorf("the upstream saw %v", r)
		}
	}

	// A length that is not that of the body.
	up.forget()
	for _, c := range []struct{ length, body string }{{"0", "GET /smuggled HTTP/1.1\r\n\r\n"}, {"4", "fourGET /smuggled HTTP/1.1\r\n\r\n"}, {"40", "four"}, {"+4", "four"}, {"-4", "four"}, {"0x4", "four"}, {"", "four"}} {
		status, _ := s.ask2(t, c.body, head("POST", "/up/x", "content-length", c.length)...)
		if strings.Contains(up.bytes(), "/smuggled HTTP") && len(up.requests()) != 1 {
			t.Errorf("a length of %s: got %s, and the upstream was sent %q", c.length, status, up.bytes())
		}
		for _, r := range up.requests() {
			if r.target != "/up/x" || strings.Contains(r.target, "smuggled") {
				t.Errorf("a length of %s: the upstream saw %v", c.length, r)
			}
		}
		up.forget()
	}

	// Hosts and paths.
	for _, fields := range [][][2]string{
		{{":method", "GET"}, {":scheme", "https"}, {":authority", bait.addr()}, {":path", "http://" + bait.addr() + "/up/x"}},
		{{":method", "GET"}, {":scheme", "https"}, {":authority", s.addr}, {":path", "http://" + bait.addr() + "/"}},
		{{":method", "GET"}, {":scheme", "https"}, {":authority", s.addr}, {":path", bait.addr()}},
		{{":method", "GET"}, {":scheme", "https"}, {":authority", s.addr}, {":path", ""}},
		{{":method", "GET"}, {":scheme", "https"}, {":authority", s.addr}, {":path", "*"}},
		{{":method", "GET"}, {":scheme", "https"}, {":authority", "user@" + s.addr}, {":path", "/echo"}},
		{{":method", "CONNECT"}, {":authority", bait.addr()}},
		{{":method", "CONNECT"}, {":scheme", "https"}, {":authority", bait.addr()}, {":path", "/up/x"}, {":protocol", "websocket"}},
	} {
		if status, text := s.ask2(t, "", fields...); status == "200" || status >= "500" {
			t.Errorf("%q: got %s %q", fields, status, text)
		}
	}
	if status, text := s.ask2(t, "", head("GET", "/echo", "host", "evil.test")...); status == "200" && strings.Contains(text, `"url":"https://evil.test`) {
		t.Errorf("Host wins over :authority: %q", text)
	}
	for _, path := range append([]string{"/admin", "admin", "/admin\t", "/admin ", " /admin", "/admin\x00", "https://" + s.addr + "/admin"}, spellings...) {
		if status, text := s.ask2(t, "", head("GET", path, "x-middleware-subrequest", "middleware")...); strings.Contains(text, "SECRET") {
			t.Errorf("%q: got past the middleware: %s %q", path, status, text)
		}
	}
	if status, text := s.ask2(t, "", head("GET", "/admin/panel", "authorization", "Bearer ok")...); status != "200" || text != "SECRET panel" {
		t.Errorf("with the token: got %s %q", status, text)
	}
	if _, text := s.ask2(t, "", head("GET", "/echo", "x-middleware-any", "1", "x_user_id", "1", "x-forwarded-for", "6.6.6.6")...); strings.Contains(text, "x-middleware") || strings.Contains(text, "user_id") || strings.Contains(text, "6.6.6.6") || !strings.Contains(text, fmt.Sprintf(`"url":"https://%s/echo"`, s.addr)) {
		t.Errorf("the handler sees %q", text)
	}
}
