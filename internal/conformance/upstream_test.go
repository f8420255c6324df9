package conformance

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The two upstreams answer alike: what Next.js was recorded with is what Portico
// is replayed with.
func TestUpstreamsAreAlike(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no node to run record/upstream.mjs with")
	}
	cmd := exec.Command(node, "--input-type=module", "-e",
		`const { startUpstream } = await import('./record/upstream.mjs');
		const u = await startUpstream();
		console.log(u.host);
		process.stdin.on('end', () => u.close()).resume();`)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	ours, err := StartUpstream()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := ours.Close(); err != nil {
			t.Error(err)
		}
		if err := stdin.Close(); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v\n%s", err, stderr.String())
		}
	}()

	for _, c := range []struct{ method, target, kind, body string }{
		{"GET", "/rss", "", ""},
		{"GET", "/weather?lat=52.5&lng=13", "", ""},
		{"GET", "/weather?lat=north", "", ""},
		{"GET", "/weather?lat=1", "", ""},
		{"POST", "/mail", "application/json", `{"to":"ada@example.test","text":"grüße"}`},
		{"POST", "/mail", "application/json", `{"to":"bounce@example.test","text":""}`},
		{"POST", "/counter/a", "", ""},
		{"POST", "/counter/a", "", ""},
		{"GET", "/counter/b", "", ""},
		{"GET", "/counter/b?status=404&header=X-B:%201&header=set-cookie:a=1&fill=10", "", ""},
		{"GET", "/echo/a%20b?c=%zz", "", ""},
		{"POST", "/echo", "text/x", "h\xe9 \"<>&\u2028"},
		{"GET", "/framing", "", ""},
		{"POST", "/framing", "", "four"},
		{"POST", "/mirror", "a/b", "\x00\x01"},
		{"POST", "/mirror", "", ""},
		{"GET", "/status/404", "", ""},
		{"GET", "/status/302?to=/x%3Fy", "", ""},
		{"GET", "/status/204", "", ""},
		{"GET", "/status/304", "", ""},
		{"HEAD", "/status/200", "", ""},
		{"GET", "/headers", "", ""},
		{"GET", "/gzip", "", ""},
		{"GET", "/bytes/1000", "", ""},
		{"GET", "/stream/3", "", ""},
		{"GET", "/asked/a?b", "", ""},
		{"GET", "/socket/x", "", ""},
		{"POST", "/open/s", "", ""},
		{"GET", "/sse/s", "", ""},
		{"GET", "/range", "", ""},
		{"GET", "/cut", "", ""},
		{"POST", "/events/e", "", "one"},
		{"POST", "/events/e", "", "two <&>"},
		{"GET", "/events/e?n=2", "", ""},
		{"GET", "/events/none", "", ""},
		{"POST", "/open/g", "", ""},
		{"GET", "/gate/g", "", ""},
		{"GET", "/gated/g", "", ""},
		{"GET", "/nope", "", ""},
	} {
		t.Run(c.method+" "+c.target, func(t *testing.T) {
			a := ask(t, strings.TrimSpace(line), c.method, c.target, c.kind, c.body)
			b := ask(t, ours.Addr(), c.method, c.target, c.kind, c.body)
			if a != b {
				t.Errorf("record/upstream.mjs:\n%s\nupstream.go:\n%s", a, b)
			}
		})
	}
	for _, request := range []string{socketFrames, strings.Replace(socketFrames, "/socket", "/echo", 1)} {
		a, b := askRaw(t, strings.TrimSpace(line), request), askRaw(t, ours.Addr(), request)
		if a != b {
			t.Errorf("%q\nrecord/upstream.mjs:\n%s\nupstream.go:\n%s", request, a, b)
		}
	}
}

// socketFrames is a WebSocket's opening and one masked frame of two letters.
const socketFrames = "GET /socket/a?b HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: chat, other\r\n\r\n\x81\x82\x01\x02\x03\x04ik"

// askRaw gives the answer to bytes as text.
func askRaw(t *testing.T, addr, request string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), answerTimeout)
	defer cancel()
	got, err := exchange(ctx, addr, "GET", []byte(request), nil)
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintln(got.status, (&Entry{}).values(got), escape(got.body))
}

// ask gives an answer as text, without the address that was asked.
func ask(t *testing.T, host, method, target, kind, body string) string {
	t.Helper()
	req, err := http.NewRequest(method, "http://"+host, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.URL.Opaque = target // as it is, escapes and all
	req.Header.Set("X-A", "1")
	req.Header.Add("X-A", "2")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	res, err := transport.RoundTrip(req)
	if err != nil {
		return err.Error()
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	var out strings.Builder
	out.WriteString(res.Status + "\n")
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		if !dropped[strings.ToLower(name)] {
			out.WriteString(name + ": " + strings.Join(res.Header[name], " | ") + "\n")
		}
	}
	if got, err := decode(res.Header.Get("Content-Encoding"), got); err == nil {
		out.Write(got)
	}
	if err != nil {
		out.WriteString("\nbroken off")
	}
	return strings.ReplaceAll(out.String(), host, "HOST")
}
