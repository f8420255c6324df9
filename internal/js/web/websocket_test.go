package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// socketServer has an echo, and ends that are not clean.
func socketServer(t *testing.T) string {
	t.Helper()
	mux := http.NewServeMux()
	accept := func(w http.ResponseWriter, r *http.Request) *websocket.Conn {
		c, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{"b"}, CompressionMode: websocket.CompressionNoContextTakeover})
		if err != nil {
			t.Errorf("accept: %v", err)
			return nil
		}
		c.SetReadLimit(-1)
		return c
	}
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		c := accept(w, r)
		if c == nil {
			return
		}
		defer c.CloseNow()
		for {
			typ, b, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if err := c.Write(r.Context(), typ, b); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/bye", func(w http.ResponseWriter, r *http.Request) {
		if c := accept(w, r); c != nil {
			_ = c.Write(r.Context(), websocket.MessageText, []byte(r.Header.Get("X-Own")))
			_ = c.Close(4001, "so long")
		}
	})
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		if c := accept(w, r); c != nil {
			_ = c.CloseNow()
		}
	})
	mux.HandleFunc("/plain", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, "no socket") })
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/echo", http.StatusFound) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	return s.URL
}

func TestWebSocket(t *testing.T) {
	base := socketServer(t)
	for _, c := range []struct{ name, src, want string }{
		{"echo", `
			const ws = new WebSocket(base + '/echo', ['a', 'b']);
			const log = [ws.readyState, ws.url === base.replace('http', 'ws') + '/echo', ws.binaryType, ws.protocol, ws.bufferedAmount, outcome(() => ws.send('early'))];
			await new Promise(r => ws.onopen = r);
			log.push(ws.readyState, ws.protocol, ws.extensions.startsWith('permessage-deflate'));
			const next = () => new Promise(r => ws.addEventListener('message', r, { once: true }));
			ws.send('häll\ud800o');
			let e = await next();
			log.push(e.data, e.origin === new URL(ws.url).origin, e instanceof MessageEvent, e.isTrusted);
			ws.send(new Uint8Array([0, 1, 2, 3]).subarray(1));
			e = await next();
			log.push(e.data instanceof Blob, [...new Uint8Array(await e.data.arrayBuffer())]);
			ws.binaryType = 'arraybuffer'; ws.binaryType = 'nonsense';
			ws.send(new Blob(['blob']));
			ws.send('behind');
			log.push(ws.bufferedAmount > 0);
			e = await next();
			log.push(new TextDecoder().decode(e.data), (await next()).data, ws.bufferedAmount <= 6);
			ws.send('x'.repeat(200000));
			log.push((await next()).data.length);
			ws.send('last');
			ws.close(3000, 'done');
			log.push(ws.readyState);
			const end = await new Promise(r => ws.onclose = r);
			ws.send('four');
			return [...log, ws.readyState, end instanceof CloseEvent, end.code, end.reason, end.wasClean, ws.bufferedAmount]`,
			`[0,true,"blob","",0,"InvalidStateError: Sent before connected.",1,"b",true,"häll�o",true,true,true,true,[1,2,3],true,"blob","behind",true,200000,2,3,true,3000,"done",true,4]`},
		{"closed by the server", `
			const log = [];
			const ws = new WebSocket(base + '/bye', { headers: { 'X-Own': 'mine' } });
			for (const n of ['open', 'message', 'error', 'close']) ws.addEventListener(n, e => log.push([n, e.data ?? e.code ?? null, e.reason ?? null, e.wasClean ?? null]));
			await new Promise(r => ws.addEventListener('close', r));
			return log`,
			`[["open",null,null,null],["message","mine",null,null],["close",4001,"so long",true]]`},
		{"cut", `
			const log = [];
			const ws = new WebSocket(base + '/cut');
			for (const n of ['open', 'error', 'close']) ws['on' + n] = e => log.push([n, e.code ?? null, e.wasClean ?? null]);
			await new Promise(r => ws.addEventListener('close', r));
			return log`,
			`[["open",null,null],["error",null,null],["close",1006,false]]`},
		{"no handshake", `
			const out = [];
			for (const path of ['/plain', '/moved', '/none']) {
				const ws = new WebSocket(base + path);
				const log = [];
				ws.onerror = e => log.push(e.type, e instanceof ErrorEvent, e.message !== '');
				ws.onclose = e => log.push(e.code, e.wasClean);
				await new Promise(r => ws.addEventListener('close', r));
				out.push(log);
			}
			return out`,
			`[["error",true,true,1006,false],["error",true,true,1006,false],["error",true,true,1006,false]]`},
		{"closed while connecting", `
			const ws = new WebSocket(base + '/echo'), log = [];
			for (const n of ['open', 'error', 'close']) ws['on' + n] = e => log.push(n);
			ws.close();
			log.push(ws.readyState);
			await new Promise(r => ws.addEventListener('close', r));
			return [...log, ws.readyState]`,
			`[2,"error","close",3]`},
		{"close without a code", `
			const ws = new WebSocket(base + '/echo');
			await new Promise(r => ws.onopen = r);
			ws.close();
			const e = await new Promise(r => ws.onclose = r);
			return [e.code, e.reason, e.wasClean]`,
			`[1005,"",true]`},
		{"arguments", `
			return [() => new WebSocket(), () => WebSocket('ws://x'), () => new WebSocket('x'), () => new WebSocket('ftp://x'), () => new WebSocket('ws://x/#f'),
				() => new WebSocket('ws://x', ['a', 'A']), () => new WebSocket('ws://x', ''), () => new WebSocket('ws://x', 'a b'),
				() => WebSocket.prototype.send.call({}, 'x')].map(f => outcome(f))
				.concat([WebSocket.OPEN, WebSocket.prototype.CLOSED, WebSocket.length, Object.keys(WebSocket.prototype).length])`,
			`["TypeError [ERR_MISSING_ARGS]: The \"url\" argument must be specified"]`},
		{"close arguments", `
			const ws = new WebSocket(base + '/echo');
			await new Promise(r => ws.onopen = r);
			const out = [() => ws.close(1001), () => ws.close(5000), () => ws.close(1000, 'é'.repeat(62)), () => ws.close(NaN)].map(f => outcome(f));
			ws.close();
			return [...out, ws.readyState, new CloseEvent('x', { code: 65537, reason: 'r', wasClean: 1 }).code]`,
			`["InvalidAccessError: invalid code","InvalidAccessError: invalid code","SyntaxError: Reason must be less than 123 bytes; received 124","InvalidAccessError: invalid code",2,1]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := testOptions()
			o.Client = NewClient("test")
			t.Cleanup(o.Client.Close)
			got := runWith(t, o, fmt.Sprintf("const base = %q;\n%s", base, c.src))
			if c.name == "arguments" {
				// Messages are ours; what counts is the type.
				for _, want := range []string{"TypeError", "SyntaxError", `,1,3,1,`} {
					if !strings.Contains(got, want) {
						t.Errorf("no %s in %s", want, got)
					}
				}
				if n := strings.Count(got, "SyntaxError"); n != 6 {
					t.Errorf("%d SyntaxErrors, want 6: %s", n, got)
				}
				return
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A socket ends with its isolate and with the site.
func TestWebSocketEnds(t *testing.T) {
	for _, how := range []string{"isolate", "site"} {
		t.Run(how, func(t *testing.T) {
			ended := make(chan struct{})
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := websocket.Accept(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				_, _, _ = c.Read(context.Background()) // the end
				close(ended)
			}))
			defer s.Close()
			o := testOptions()
			o.Client = NewClient("test")
			defer o.Client.Close()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			o.Context = ctx
			pool := newPool(t, o, fmt.Sprintf("const ws = globalThis.ws = new WebSocket(%q); await new Promise(r => ws.onopen = r)", s.URL))
			if _, err := runMain(t, pool); err != nil {
				t.Fatal(err)
			}
			if how == "site" {
				cancel()
			} else {
				pool.Isolates()[0].Close()
			}
			<-ended
		})
	}
}

func TestEventSource(t *testing.T) {
	var ids []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/events" {
			switch r.URL.Path {
			case "/204":
				w.WriteHeader(http.StatusNoContent)
			case "/text":
				_, _ = io.WriteString(w, "data: x\n\n")
			case "/moved":
				http.Redirect(w, r, "/events", http.StatusFound)
			default:
				http.NotFound(w, r)
			}
			return
		}
		ids = append(ids, r.Header.Get("Last-Event-ID")+"|"+r.Header.Get("Accept"))
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		switch len(ids) {
		case 1:
			_, _ = io.WriteString(w, "\uFEFF: comment\nretry: 1\ndata: one\r\ndata:two\rid: 7\n\nevent: own\ndata\ndata:  x\n\nevent: empty\n\nid: 8\n\ndata: not complete")
		case 2:
			_, _ = io.WriteString(w, "data: again\n\nid: a\x00b\nretry: 1x\ndata: \xff\n\n")
		default:
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	}))
	defer s.Close()
	o := testOptions()
	o.Client = NewClient("test")
	defer o.Client.Close()
	got := runWith(t, o, fmt.Sprintf(`
		const base = %q, log = [];
		const es = new EventSource(base + '/events', { withCredentials: true });
		log.push(es.readyState, es.url === base + '/events', es.withCredentials);
		await new Promise(r => {
			es.onopen = () => { log.push('open ' + es.readyState); if (log.filter(x => x === 'open 1').length === 3) r(); };
			es.onmessage = e => log.push([e.data, e.lastEventId, e.origin === base]);
			es.addEventListener('own', e => log.push(['own', e.data, e.lastEventId]));
			es.addEventListener('empty', e => log.push('never'));
			es.onerror = () => log.push('error ' + es.readyState);
		});
		es.close();
		log.push(es.readyState);
		for (const path of ['/204', '/text', '/missing']) {
			const bad = new EventSource(base + path);
			await new Promise(r => bad.onerror = e => { log.push([bad.readyState, e.message]); r(); });
		}
		log.push(outcome(() => new EventSource('no url')), EventSource.CLOSED, es.CONNECTING);
		return log`, s.URL))
	want := `[0,true,true,"open 1",["one\ntwo","7",true],["own","\n x","7"],"error 0","open 1",["again","8",true],["�","8",true],"error 0","open 1",2,` +
		`[2,"the server answered with status 204"],[2,"the answer is \"text/plain; charset=utf-8\", not text/event-stream"],[2,"the server answered with status 404"],"SyntaxError: Invalid URL: no url",2,0]`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if want := []string{"|text/event-stream", "8|text/event-stream", "8|text/event-stream"}; !slices.Equal(ids, want) {
		t.Errorf("requests %q, want %q", ids, want)
	}
}

// FuzzEventStream: the parser does not depend on how the bytes arrive.
func FuzzEventStream(f *testing.F) {
	f.Add("data: a\r\ndata: b\r\rid: 1\n\nretry: 5\n\uFEFF")
	f.Add("\uFEFFevent: x\ndata\n\n:\n\n")
	f.Fuzz(func(t *testing.T, s string) {
		var got [2][]string
		for i, r := range []io.Reader{strings.NewReader(s), oneByte{strings.NewReader(s)}} {
			p := &eventParser{}
			if err := p.parse(r, func(typ, data, id string) { got[i] = append(got[i], typ, data, id) }); err != nil {
				t.Fatal(err)
			}
		}
		if !slices.Equal(got[0], got[1]) {
			t.Errorf("%q and %q", got[0], got[1])
		}
	})
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 1)]) }
