package web

import (
	"testing"

	"github.com/dop251/goja"
	"github.com/portico-dev/portico/internal/js"
)

// streamsBenchmarks move 1 MB in chunks of 16 KB. Each is a function body that
// returns a promise of the bytes it moved.
var streamsBenchmarks = []struct{ name, body string }{
	{"read", `
		const reader = pulled().getReader();
		let n = 0;
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return n;
			n += value.byteLength;
		}`},
	{"read queued", `
		const reader = new ReadableStream({ start(c) { for (let i = 0; i < 64; i++) c.enqueue(chunk); c.close() } }).getReader();
		let n = 0;
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return n;
			n += value.byteLength;
		}`},
	{"read bytes", `
		let i = 0;
		const reader = new ReadableStream({ type: 'bytes', pull(c) { if (i++ === 64) c.close(); else c.enqueue(new Uint8Array(16384)) } }).getReader();
		let n = 0;
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return n;
			n += value.byteLength;
		}`},
	{"read host", `
		const reader = internals.fromSource(hostSource()).getReader();
		let n = 0;
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return n;
			n += value.byteLength;
		}`},
	{"read byob host", `
		const reader = internals.fromSource(hostSource()).getReader({ mode: 'byob' });
		let n = 0;
		let buffer = new ArrayBuffer(16384);
		for (;;) {
			const { done, value } = await reader.read(new Uint8Array(buffer));
			if (done) return n;
			n += value.byteLength;
			buffer = value.buffer;
		}`},
	{"readAll", `return (await internals.readAll(pulled())).byteLength`},
	{"readAll host", `return (await internals.readAll(internals.fromSource(hostSource()))).byteLength`},
	{"iterate", `
		const it = pulled().values();
		let n = 0;
		for (;;) {
			const { done, value } = await it.next();
			if (done) return n;
			n += value.byteLength;
		}`},
	{"pump", `
		let n = 0;
		return new Promise((resolve, reject) => {
			internals.pump(pulled(), { write(x) { n += x.byteLength }, close() { resolve(n) }, error: reject });
		})`},
	{"write", `
		let n = 0;
		const writer = new WritableStream({ write(x) { n += x.byteLength } }).getWriter();
		for (let i = 0; i < 64; i++) await writer.write(chunk);
		await writer.close();
		return n`},
	{"pipe", `
		let n = 0;
		await pulled().pipeTo(new WritableStream({ write(x) { n += x.byteLength } }));
		return n`},
	{"transform", `
		const reader = pulled().pipeThrough(new TransformStream({ transform(x, c) { c.enqueue(x) } })).getReader();
		let n = 0;
		for (;;) {
			const { done, value } = await reader.read();
			if (done) return n;
			n += value.byteLength;
		}`},
	{"tee", `
		const drain = async rs => {
			const reader = rs.getReader();
			let n = 0;
			for (;;) {
				const { done, value } = await reader.read();
				if (done) return n;
				n += value.byteLength;
			}
		};
		const [a, b] = pulled().tee();
		const [x, y] = await Promise.all([drain(a), drain(b)]);
		return (x + y) / 2`},
	{"tee host", `
		const drain = async rs => {
			const reader = rs.getReader();
			let n = 0;
			for (;;) {
				const { done, value } = await reader.read();
				if (done) return n;
				n += value.byteLength;
			}
		};
		const [a, b] = internals.fromSource(hostSource()).tee();
		const [x, y] = await Promise.all([drain(a), drain(b)]);
		return (x + y) / 2`},
}

const streamsBenchmarkPrelude = `(function ({ ReadableStream, WritableStream, TransformStream, internals }) {
	const chunk = new Uint8Array(16384);
	const pulled = () => {
		let i = 0;
		return new ReadableStream({ pull(c) { if (i++ === 64) c.close(); else c.enqueue(chunk) } });
	};
	const hostSource = () => {
		let i = 0;
		return { pull() { return i++ === 64 ? null : Promise.resolve(new Uint8Array(16384)) }, cancel() {} };
	};
	return body => new Function('chunk', 'pulled', 'hostSource', 'ReadableStream', 'WritableStream', 'TransformStream', 'internals',
		'return async () => {' + body + '}')(chunk, pulled, hostSource, ReadableStream, WritableStream, TransformStream, internals)
})`

// benchIsolate returns an isolate and the streams that it has.
func benchIsolate(b *testing.B) (*js.Isolate, *goja.Runtime, *goja.Object) {
	b.Helper()
	iso := newPool(b, testOptions(), "").Isolates()[0]
	var rt *goja.Runtime
	var streams *goja.Object
	onStreamsIsolate(b, iso, func() {
		e := Of(iso)
		rt, streams = e.rt, e.streams().all
	})
	return iso, rt, streams
}

func onStreamsIsolate(b *testing.B, iso *js.Isolate, f func()) {
	b.Helper()
	if err := iso.Do(nil, f); err != nil {
		b.Fatal(err)
	}
}

// evalBench evaluates a script to a function.
func evalBench(b *testing.B, rt *goja.Runtime, src string) goja.Callable {
	b.Helper()
	v, err := rt.RunString(src)
	if err != nil {
		b.Fatal(err)
	}
	f, _ := goja.AssertFunction(v)
	return f
}

func BenchmarkStreams(b *testing.B) {
	iso, rt, streams := benchIsolate(b)
	for _, bench := range streamsBenchmarks {
		var f goja.Callable
		onStreamsIsolate(b, iso, func() {
			v, err := evalBench(b, rt, streamsBenchmarkPrelude)(goja.Undefined(), streams)
			if err != nil {
				b.Fatal(err)
			}
			compile, _ := goja.AssertFunction(v)
			if v, err = compile(goja.Undefined(), rt.ToValue(bench.body)); err != nil {
				b.Fatal(err)
			}
			f, _ = goja.AssertFunction(v)
		})
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(1 << 20)
			for b.Loop() {
				var p *goja.Promise
				onStreamsIsolate(b, iso, func() {
					v, err := f(goja.Undefined())
					if err != nil {
						b.Fatal(err)
					}
					p = v.Export().(*goja.Promise)
				})
				onStreamsIsolate(b, iso, func() { // once the jobs have run
					if p.State() != goja.PromiseStateFulfilled || p.Result().ToInteger() != 1<<20 {
						b.Errorf("%v %v", p.State(), p.Result())
					}
				})
			}
		})
	}
}

// BenchmarkStreamsMake is what streams cost that nothing goes through.
func BenchmarkStreamsMake(b *testing.B) {
	iso, rt, streams := benchIsolate(b)
	for _, expr := range []string{
		"new ReadableStream()", "new ReadableStream({ pull() {} })", "new ReadableStream({ type: 'bytes', pull() {} })",
		"new ReadableStream().getReader()", "new WritableStream({ write() {} })", "new TransformStream()",
		"internals.fromSource(source)", "internals.takeSource(internals.fromSource(source))",
	} {
		b.Run(expr, func(b *testing.B) {
			var f goja.Callable
			onStreamsIsolate(b, iso, func() {
				v, err := evalBench(b, rt, "(function ({ ReadableStream, WritableStream, TransformStream, internals }) { const source = { pull() {} };"+
					"return () => { for (let i = 0; i < 100; i++) "+expr+" } })")(goja.Undefined(), streams)
				if err != nil {
					b.Fatal(err)
				}
				f, _ = goja.AssertFunction(v)
			})
			b.ReportAllocs()
			for b.Loop() {
				onStreamsIsolate(b, iso, func() {
					if _, err := f(goja.Undefined()); err != nil {
						b.Error(err)
					}
				})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/stream")
		})
	}
}

// BenchmarkStreamsLoad is what the scripts cost an isolate that uses a stream.
func BenchmarkStreamsLoad(b *testing.B) {
	iso, _, _ := benchIsolate(b)
	b.ReportAllocs()
	for b.Loop() {
		onStreamsIsolate(b, iso, func() {
			e := Of(iso)
			e.kit = nil
			e.streams()
		})
	}
}
