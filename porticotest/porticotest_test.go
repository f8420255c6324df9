package porticotest_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/portico-dev/portico"
	"github.com/portico-dev/portico/porticotest"
)

// files is a project in memory.
func files(nameAndText ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(nameAndText); i += 2 {
		m[nameAndText[i]] = &fstest.MapFile{Data: []byte(nameAndText[i+1])}
	}
	return m
}

// text reads an answer's body to its end.
func text(t *testing.T, res *http.Response) string {
	t.Helper()
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func get(t *testing.T, s *porticotest.Server, path string) string {
	t.Helper()
	res, err := s.Client().Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	return text(t, res)
}

func TestRequest(t *testing.T) {
	s := porticotest.New(t, portico.Config{FS: files("app/echo/route.ts", `
		export async function POST(request: Request) {
			return Response.json({
				url: request.url,
				body: await request.text(),
				from: request.headers.get('x-forwarded-for'),
			}, { status: 201, headers: { 'x-seen': request.headers.get('x-sent')! } })
		}`)})
	req, err := http.NewRequest("POST", s.URL+"/echo?a=1", strings.NewReader("hello"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Sent", "yes")
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := text(t, res), `{"url":"http://app.test/echo?a=1","body":"hello","from":"192.0.2.1"}`; got != want {
		t.Errorf("body is %s, want %s", got, want)
	}
	if res.StatusCode != 201 || res.Header.Get("X-Seen") != "yes" {
		t.Errorf("got status %d and headers %v", res.StatusCode, res.Header)
	}
}

// A chunk arrives before the next is made: the handler makes the second one
// only after the client has read the first.
func TestStream(t *testing.T) {
	gate := make(chan struct{})
	s := porticotest.New(t, portico.Config{FS: files("app/stream/route.ts", `
		import { wait } from 'go:gate'
		export function GET() {
			const encoder = new TextEncoder()
			let n = 0
			return new Response(new ReadableStream({
				async pull(controller) {
					if (n++ === 0) {
						controller.enqueue(encoder.encode('first\n'))
						return
					}
					await wait()
					controller.enqueue(encoder.encode('second\n'))
					controller.close()
				},
			}, { highWaterMark: 0 }))
		}`)}, func(app *portico.App) {
		app.Expose("gate", portico.Funcs{"wait": portico.Func(func(ctx context.Context, _ any) (any, error) {
			<-gate
			return nil, nil
		})})
	})
	res, err := s.Client().Get(s.URL + "/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	lines := bufio.NewReader(res.Body)
	if line, err := lines.ReadString('\n'); line != "first\n" || err != nil {
		t.Fatalf("the first chunk is %q, %v", line, err)
	}
	close(gate)
	if line, err := lines.ReadString('\n'); line != "second\n" || err != nil {
		t.Fatalf("the second chunk is %q, %v", line, err)
	}
	if _, err := lines.ReadByte(); err != io.EOF {
		t.Errorf("after the last chunk: %v, want EOF", err)
	}
}

// A client that gives up is one that the handler sees leave.
func TestAbort(t *testing.T) {
	entered, left := make(chan struct{}), make(chan error, 1)
	s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
		app.Route("/wait", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
			close(entered)
			<-r.Context().Done()
			left <- r.Context().Err()
		}})
	})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", s.URL+"/wait", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() { <-entered; cancel() }()
	if _, err := s.Client().Do(req); !errors.Is(err, context.Canceled) {
		t.Fatalf("the client got %v, want its context's error", err)
	}
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler's context ended with %v", err)
	}
}

// In a bubble time is the test's: an hour of setTimeout takes no time.
func TestTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := porticotest.New(t, portico.Config{HandlerTimeout: 2 * time.Hour, FS: files("app/slow/route.ts", `
			export async function GET() {
				await new Promise((resolve) => setTimeout(resolve, 3600 * 1000))
				return new Response('at last')
			}`)})
		start := time.Now()
		if got := get(t, s, "/slow"); got != "at last" {
			t.Errorf("got %q", got)
		}
		if d := time.Since(start); d != time.Hour {
			t.Errorf("it took %v, want an hour", d)
		}
	})
}

// A test that does not read its answers ends all the same.
func TestUnreadAnswer(t *testing.T) {
	t.Run("test", func(t *testing.T) {
		s := porticotest.New(t, portico.Config{}, func(app *portico.App) {
			app.Route("/endless", portico.Handlers{GET: func(w http.ResponseWriter, r *http.Request) {
				for r.Context().Err() == nil {
					if _, err := w.Write(make([]byte, 1<<16)); err != nil {
						return
					}
				}
			}})
		})
		res, err := s.Client().Get(s.URL + "/endless")
		if err != nil || res.StatusCode != 200 {
			t.Fatal(res, err)
		}
	})
}

func TestHTTPS(t *testing.T) {
	s := porticotest.New(t, portico.Config{})
	_, err := s.Client().Get("https://app.test/")
	if err == nil || !strings.Contains(err.Error(), "Config.PublicOrigin") {
		t.Errorf("https gives %v, want an error that says what to do", err)
	}
}

// recorder is a test that fails without failing this one.
type recorder struct {
	testing.TB
	fatal string
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.fatal = fmt.Sprintf(format, args...)
	panic(r)
}

func TestLoadError(t *testing.T) {
	r := &recorder{TB: t}
	func() {
		defer func() {
			if x := recover(); x != r {
				t.Errorf("New went on, or panicked: %v", x)
			}
		}()
		porticotest.New(r, portico.Config{FS: files("app/a/route.ts", "export const GET = 1")})
	}()
	want := "the app does not load:\napp/a/route.ts:1:14: export GET is not a function but a number\nhint: export async function GET(request: Request) { … }"
	if r.fatal != want {
		t.Errorf("the test failed with\n%s\nwant\n%s", r.fatal, want)
	}
}
