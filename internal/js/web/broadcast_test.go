package web

import (
	"testing"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// TestBroadcastChannel: every type arrives on this isolate and on another.
func TestBroadcastChannel(t *testing.T) {
	const listen = `
		globalThis.heard = new Promise(r => {
			const c = globalThis.channel = new BroadcastChannel('news');
			c.onmessage = e => {
				const d = e.data;
				const show = [d.u, d.n, d.b, d.i, d.f, Object.is(d.z, -0), d.s, d.big.toString(), d.date.getTime(), String(d.re), [...d.map].flat().length, d.map.get('self') === d.map,
					[...d.set], [...d.bytes], d.view.getUint8(0), d.bytes.buffer === d.buffer, d.list.length, 1 in d.list, d.list[2], d.me === d, d.err instanceof RangeError, d.err.message,
					d.err.cause.x, d.dom instanceof DOMException && d.dom.name, d.box instanceof Number && +d.box, e.isTrusted, e instanceof MessageEvent];
				d.blob.text().then(text => r(JSON.stringify([...show, text, d.blob instanceof Blob])));
			};
		});`
	const post = `
		const c = new BroadcastChannel('news'), other = new BroadcastChannel('olds');
		other.onmessage = c.onmessage = () => { throw new Error('never') };
		const buffer = new Uint8Array([9, 1, 2]).buffer, list = [1, , 'é\ud800'], map = new Map([['a', 1]]), o = { u: undefined, n: null, b: true, i: 5, f: 1.5, z: -0, s: 'text',
			big: 10n ** 30n, date: new Date(5), re: /a/gi, map, set: new Set([1]), buffer, bytes: new Uint8Array(buffer, 1), view: new DataView(buffer), list,
			err: new RangeError('r', { cause: { x: 1 } }), dom: new DOMException('m', 'AbortError'), box: new Number(3), blob: new Blob(['blob']) };
		o.me = o; map.set('self', map);
		c.postMessage(o);
		o.i = 6;
		const out = [outcome(() => c.postMessage(() => {})), c.name];
		c.close();
		return [...out, outcome(() => c.postMessage(1))]`
	const want = `[null,null,true,5,1.5,true,"text","1000000000000000000000000000000",5,"/a/gi",4,true,[1],[1,2],9,true,3,false,"é\ud800",true,true,"r",1,"AbortError",3,true,true,"blob",true]`
	o := testOptions()
	one, two := newPool(t, o, listen+post), newPool(t, o, listen+`return 1`)
	if _, err := runMain(t, two); err != nil {
		t.Fatal(err)
	}
	got, err := runMain(t, one)
	if err != nil {
		t.Fatal(err)
	}
	if w := `["DataCloneError: () =\u003e {} could not be cloned.","news","InvalidStateError: BroadcastChannel is closed."]`; got != w && got != `["DataCloneError: () => {} could not be cloned.","news","InvalidStateError: BroadcastChannel is closed."]` {
		t.Errorf("got %s, want %s", got, w)
	}
	for i, pool := range []*js.Pool{one, two} {
		heard := make(chan string, 1)
		iso := pool.Isolates()[0]
		if err := iso.Do(nil, func() {
			iso.Await(iso.Runtime().Get("heard"), func(v goja.Value, err error) {
				if err != nil {
					t.Error(err)
				}
				heard <- v.String()
			})
		}); err != nil {
			t.Fatal(err)
		}
		if got := <-heard; got != want {
			t.Errorf("isolate %d\ngot  %s\nwant %s", i, got, want)
		}
	}
	two.Isolates()[0].Close() // its channels are forgotten with the next message
	if n := len(o.Client.broadcasts.channels["news"]); n != 2 {
		t.Errorf("%d channels are open, want those of the listeners", n)
	}
}
