package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/dop251/goja"
)

// source answers by the path of the URL.
type source struct{ path string }

func (s source) Ready(o *Outgoing) *Reply {
	if s.path != "/ready" {
		return nil
	}
	return &Reply{Status: 200, Header: http.Header{"X-From": {"memory"}}, URL: "http://elsewhere.example/", Data: []byte("at hand " + string(o.Body()))}
}

func (s source) Answer(ctx context.Context, o *Outgoing) (*Reply, error) {
	switch {
	case s.path == "/later":
		return &Reply{Status: 200, Header: http.Header{}, Data: []byte("later")}, nil
	case s.path == "/none":
		return &Reply{Status: 204, Header: http.Header{}}, nil
	case s.path == "/fails":
		return nil, errors.New("no luck")
	case s.path == "/waits":
		<-ctx.Done()
		return nil, ctx.Err()
	case strings.HasPrefix(s.path, "/held"):
		whole, err := o.Hold(ctx, 10)
		if err != nil || !whole {
			return nil, err
		}
		return &Reply{Status: 200, Header: http.Header{}, Data: append([]byte("held "), o.Body()...)}, nil
	}
	// Two sends of one request; the second is the answer, and outlives its
	// context.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	first, err := o.Send(ctx)
	if err != nil {
		return nil, err
	}
	_ = first.Body.Close()
	r, err := o.Send(ctx)
	if err != nil {
		return nil, err
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(r.Body, head); err != nil {
		return nil, err
	}
	r.Unread(head)
	r.Detach()
	return r, nil
}

// runSourced runs a script whose fetches to the upstream's /source/… have a
// source; U is the upstream.
func runSourced(t *testing.T, h http.Handler, src string) string {
	t.Helper()
	up := httptest.NewServer(h)
	t.Cleanup(up.Close)
	o := testOptions()
	o.Client = NewClient("x")
	t.Cleanup(o.Client.Close)
	pool := newPool(t, o, fmt.Sprintf("const U = %q;\n", up.URL)+src)
	for _, iso := range pool.Isolates() {
		err := iso.Do(nil, func() {
			e := Of(iso)
			e.SetSource(func(r *Request, input, init goja.Value) Source {
				_, path, ok := strings.Cut(r.URL(), "/source")
				if !ok {
					return nil
				}
				if o, ok := init.(*goja.Object); ok && o.Get("refuse") != nil {
					panic(e.iso.NewError("Error", "refused "+input.String()[len(up.URL):]))
				}
				return source{path}
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	got, err := runMain(t, pool)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestSource(t *testing.T) {
	calls := 0
	got := runSourced(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		b, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "call %d %s", calls, b)
	}), `
	const text = async (...args) => { try { const r = await fetch(...args); return [r.status, r.url.replace(U, ''), r.headers.get('x-from'), await r.text()].join() } catch (e) { return describe(e) + (e.cause ? '/' + e.cause.message : '') } };
	const post = (body, more) => ({ method: 'POST', body, duplex: 'half', ...more });
	const stream = (...chunks) => new ReadableStream({ pull(c) { chunks.length ? c.enqueue(new TextEncoder().encode(chunks.shift())) : c.close() } });
	const out = [];
	out.push(await text(U + '/source/ready', post('x')));
	out.push(await text(U + '/source/later'));
	out.push(await text(U + '/source/none'));
	out.push(await text(U + '/source/fails'));
	out.push(await text(U + '/source/refused', { refuse: true }));
	out.push(await text(U + '/source/held', post('0123456789')));
	out.push(await text(U + '/source/held', post(stream('01234', '56789'))));
	out.push(await text(U + '/source/held', post(stream('01234', '56789', 'abc'))));
	out.push(await text(U + '/source/held', post(new Blob(['0123456789abc']))));
	out.push(await text(U + '/source/held', post('0123456789abc')));
	out.push(await text(U + '/source/sent', post('y')));
	out.push(await text(U + '/plain'));
	const c = new AbortController();
	const waiting = text(U + '/source/waits', { signal: c.signal });
	c.abort(new Error('enough'));
	out.push(await waiting);
	const d = new AbortController();
	let asked;
	const pulled = new Promise(r => asked = r);
	const held = text(U + '/source/held', post(new ReadableStream({ pull() { asked(); return new Promise(() => {}) } }), { signal: d.signal }));
	await pulled;
	d.abort(new Error('enough of this'));
	out.push(await held);
	const used = new Request(U + '/source/ready', post('z'));
	await used.text();
	out.push(await text(used));
	return out.join('\n');`)
	got = strings.ReplaceAll(strings.Trim(got, `"`), `\n`, "\n")
	want := `200,http://elsewhere.example/,memory,at hand x
200,,,later
204,,,
TypeError: fetch failed/no luck
Error: refused /source/refused
200,,,held 0123456789
200,,,held 0123456789
200,/source/held,,call 1 0123456789abc
200,/source/held,,call 2 0123456789abc
200,/source/held,,call 3 0123456789abc
200,/source/sent,,call 5 y
200,/plain,,call 6 
Error: enough
Error: enough of this
TypeError: Cannot construct a Request with a Request object that has already been used.`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// A reply that still arrives ends with who reads it: aborted, cancelled or
// dropped.
func TestSourceStreamEnds(t *testing.T) {
	gone := make(chan string, 100)
	mux := http.NewServeMux()
	mux.HandleFunc("/source/", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begin")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		gone <- r.URL.Path
	})
	mux.HandleFunc("/wait/{name}", func(w http.ResponseWriter, r *http.Request) {
		want := "/source/" + r.PathValue("name")
		n := 2 // it was sent twice
		if want == "/source/dropped" {
			n = 10 + 5 // some of ten may still lie on the engine's stack
		}
		for n > 0 {
			select {
			case path := <-gone:
				if path == want {
					n--
				}
			case <-r.Context().Done():
				return
			default:
				runtime.GC()
			}
		}
		_, _ = io.WriteString(w, "gone")
	})
	got := runSourced(t, mux, `
	const out = [], first = async path => { const c = new AbortController(); const r = await fetch(U + path, { signal: c.signal }); const reader = r.body.getReader(); await reader.read(); return [c, reader] };
	const wait = async path => out.push(await (await fetch(U + '/wait' + path)).text());
	const [c, aborted] = await first('/source/aborted');
	const reading = aborted.read().catch(describe);
	c.abort(new Error('enough'));
	out.push(await reading);
	await wait('/aborted');
	const [, cancelled] = await first('/source/cancelled');
	await cancelled.cancel();
	await wait('/cancelled');
	await (async () => { for (let i = 0; i < 10; i++) await fetch(U + '/source/dropped') })();
	await wait('/dropped');
	return out;`)
	if want := `["Error: enough","gone","gone","gone"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
